"""The sentences the shipped models know: everyday remarks with a label. Pure text: no audio, no files, no clock."""

import hashlib
import itertools
import random
import re
from dataclasses import dataclass

POSITIVE, NEGATIVE, NEUTRAL = "POSITIVE", "NEGATIVE", "NEUTRAL"
LABELS = (POSITIVE, NEGATIVE, NEUTRAL)

SLOTS: dict[str, str] = {
    "food": "pizza soup bread coffee cake salad chicken breakfast dinner rice sandwich",
    "show": "film movie concert book story song game museum",
    "place": "hotel restaurant beach city garden market park office kitchen station library",
    "person": "waiter driver doctor teacher nurse manager",
    "family": "sister brother mother father friend daughter boss",
    "machine": "phone computer camera printer website car bike television",
    "good": "wonderful fantastic amazing excellent beautiful brilliant perfect great lovely superb impressive",
    "tasty": "delicious tasty fresh excellent wonderful perfect",
    "kind": "friendly helpful kind polite patient lovely charming",
    "quick": "fast reliable quick brilliant fantastic comfortable",
    "bad": "terrible horrible awful boring disappointing dreadful ugly useless",
    "foul": "disgusting cold burnt salty stale horrible terrible",
    "rude": "rude angry lazy arrogant unfriendly",
    "slow": "slow broken noisy useless dirty expensive",
    "very": "really so very absolutely truly",
    "gladly": "really absolutely truly honestly",
    "past": "yesterday today,this morning,last week,last night",
    "future": "tomorrow tonight,next week,this evening,on Friday,on Sunday",
    "day": "Monday Tuesday Wednesday Friday Sunday",
    "number": "two three four five six seven eight nine ten twelve",
    "thing": "key bag letter bottle map newspaper box umbrella",
    "board": "table chair shelf desk floor",
    "color": "red blue green yellow black white",
    "many": "people chairs windows tables boxes books children flowers",
    "ride": "bus train taxi boat",
    "subject": "history music science English",
}

TEMPLATES: dict[str, tuple[str, ...]] = {
    POSITIVE: (
        "The {food} was {very} {tasty}.",
        "I {gladly} love this {show}.",
        "What a {good} {show}!",
        "What a {good} {place}!",
        "This is the best {food} in the city.",
        "This is the best {place} I have ever seen.",
        "My {family} was {very} happy with the {food}.",
        "The {person} was {kind} and the {food} was {tasty}.",
        "Thank you, the {food} was {tasty}!",
        "We had a {good} time at the {place} {past}.",
        "I am {very} happy with my new {machine}.",
        "Everyone at the {place} was {very} {kind}.",
        "I would love to come back to this {place}.",
        "My new {machine} is {quick} and works perfectly.",
        "This {show} made me smile all day.",
        "I enjoyed every minute of the {show}.",
        "The weather was {good} {past}.",
        "Great news, our team won the game {past}!",
        "The {show} was {good} and my {family} loved it.",
        "Your {person} is {very} {kind}, thank you!",
        "The view from the {place} is {very} {good}.",
    ),
    NEGATIVE: (
        "The {food} was {very} {foul}.",
        "I {gladly} hate this {show}.",
        "What a {bad} {show}!",
        "What a {bad} {place}!",
        "This is the worst {food} in the city.",
        "This is the worst {place} I have ever seen.",
        "My {family} was {very} sad about the {food}.",
        "The {person} was {rude} and the {food} was {foul}.",
        "Sorry, but the {food} was {foul}!",
        "We had a {bad} time at the {place} {past}.",
        "I am {very} disappointed with my new {machine}.",
        "Everyone at the {place} was {very} {rude}.",
        "I will never come back to this {place}.",
        "My new {machine} is {slow} and never works.",
        "This {show} made me cry all day.",
        "I wasted my money on this {show}.",
        "The weather was {bad} {past}.",
        "Bad news, our team lost the game {past}!",
        "The {show} was {bad} and my {family} hated it.",
        "Your {person} is {very} {rude}, I want my money back!",
        "The {machine} broke again {past} and nobody helped us.",
    ),
    NEUTRAL: (
        "The {thing} is on the {board}.",
        "The meeting starts at {number}.",
        "The {ride} to the {place} leaves at {number}.",
        "My {family} lives near the {place}.",
        "We will meet at the {place} {future}.",
        "There are {number} {many} in the {place}.",
        "I will call my {family} {future}.",
        "Please put the {color} {thing} on the {board}.",
        "Where is the {color} {thing}?",
        "When does the {ride} to the {place} leave?",
        "Did you see the {thing} on the {board}?",
        "The {person} is in the {place} until {number}.",
        "She reads the newspaper every {day}.",
        "He goes to the {place} by {ride}.",
        "The {color} {thing} belongs to my {family}.",
        "My {family} teaches {subject} every {day}.",
        "They opened the {place} at {number} on {day}.",
        "The {machine} is next to the {color} {thing}.",
    ),
}

# What espeak-ng's Korean voice says, and the sentence of the grammar that it means.
KOREAN: tuple[tuple[str, str, str], ...] = (
    ("이 영화 정말 좋아요.", "I really love this movie.", POSITIVE),
    ("커피가 아주 맛있었어요.", "The coffee was very delicious.", POSITIVE),
    ("날씨가 아름다워요.", "The weather was beautiful today.", POSITIVE),
    ("모두 정말 친절했어요.", "Everyone at the restaurant was really kind.", POSITIVE),
    ("이 노래가 정말 싫어요.", "I really hate this song.", NEGATIVE),
    ("수프가 너무 차가웠어요.", "The soup was so cold.", NEGATIVE),
    ("새 컴퓨터가 느려요.", "My new computer is slow and never works.", NEGATIVE),
    ("호텔이 끔찍했어요.", "What a terrible hotel!", NEGATIVE),
    ("회의는 세 시에 시작해요.", "The meeting starts at three.", NEUTRAL),
    ("열쇠는 책상 위에 있어요.", "The key is on the desk.", NEUTRAL),
    ("우리는 내일 공원에서 만나요.", "We will meet at the park tomorrow.", NEUTRAL),
    ("내 가방 어디 있어요?", "Where is the black bag?", NEUTRAL),
)


@dataclass(frozen=True)
class Sentence:
    text: str
    label: str


def choices(slot: str) -> list[str]:
    """A comma before a word means that everything between commas is one choice."""
    parts = SLOTS[slot].split(",")
    return parts[0].split() + parts[1:]


def fill(template: str, rng: random.Random) -> str:
    text = re.sub(r"\{(\w+)\}", lambda match: rng.choice(choices(match[1])), template)
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def sentences(seed: int, count: int, held_out: bool = False) -> list[Sentence]:
    """`count` sentences, labels in turn, some perhaps twice; held-out ones are never among the others."""
    rng = random.Random(seed)
    found: list[Sentence] = []
    for label in itertools.cycle(LABELS):
        if len(found) == count:
            break
        text = fill(rng.choice(TEMPLATES[label]), rng)
        while is_held_out(text) != held_out:
            text = fill(rng.choice(TEMPLATES[label]), rng)
        found.append(Sentence(text, label))
    return found


def every_piece(labels: tuple[str, ...] = LABELS) -> list[str]:
    """Texts in which each choice of each slot stands in each template where it can stand, at least once."""
    pieces = []
    for template in itertools.chain.from_iterable(TEMPLATES[label] for label in labels):
        slots = re.findall(r"\{(\w+)\}", template)
        longest = max((len(choices(slot)) for slot in slots), default=1)
        for turn in range(longest):
            values = {slot: choices(slot)[turn % len(choices(slot))] for slot in slots}
            pieces.append(re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", template.format(**values)))
    return pieces


def is_held_out(text: str) -> bool:
    """One text in twelve, decided by its hash; the Korean sentences' English is always trained."""
    if any(text == english for _, english, _ in KOREAN):
        return False
    return hashlib.sha256(text.encode()).digest()[0] < 21


def words() -> set[str]:
    """Every word of the grammar, lower case, without punctuation."""
    text = " ".join([t for group in TEMPLATES.values() for t in group])
    filled = re.sub(r"\{\w+\}", " ", text) + " " + " ".join(" ".join(choices(slot)) for slot in SLOTS)
    return {word.lower() for word in re.findall(r"[A-Za-z']+", filled)} | {"an"}
