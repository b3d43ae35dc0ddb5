"""Whole utterances that Whisper writes over silence and noise, by language; lower case, no
punctuation (see `filters.plain`). Learned from subtitles, which is why they thank for watching.

`CREDITS` (regular expressions) are hardly ever said to a microphone; `PLEASANTRIES` are said all
the time and need stronger evidence. `*` holds for every language.
"""

CREDITS: dict[str, tuple[str, ...]] = {
    "*": (
        r"(subtitles|captions|transcription|translation) by .*",
        r"(www )?[a-z0-9]+ (com|org|net|co kr)",
        r"amara org.*",
    ),
    "en": (
        r"(thank you|thanks)( so much| very much)? for (watching|listening|viewing)( .*)?",
        r"(please )?(like and )?subscribe( to (my|our|the) channel)?( .*)?",
        r"(see you|i ll see you) (in the )?next (video|time|one)( bye.*)?",
        r"don t forget to (like and )?subscribe( .*)?",
        r"transcribed by .*",
        r"copyright .*",
    ),
    "ko": (
        r"(오늘도 |끝까지 )?시청해 ?주셔서 감사합니다",
        r"(영상|방송)?을? ?봐 ?주셔서 감사합니다",
        r"(구독과? ?(과 )?좋아요|좋아요와? 구독)( 부탁드립니다| 눌러주세요)?",
        r"구독( 부탁드립니다| 눌러주세요)",
        r"다음 (영상|시간|주)에서? (만나요|뵙겠습니다|봐요)",
        r"(한글 ?)?자막 ?(제작|제공|by)?( .*)?",
        r"(mbc|kbs|sbs|ytn) 뉴스 .*(입니다)?",
        r"이 영상은 .*(제작|후원).*",
    ),
    "ja": (
        r"ご視聴(いただき)?(ありがとうございました|ありがとうございます)",
        r"チャンネル登録(を)?(お願いします|よろしくお願いします)",
    ),
    "zh": (
        r"(谢谢|感謝|感谢|謝謝)(大家)?(观看|觀看|收看|收听)",
        r"字幕(由|by|提供|製作).*",
        r"(请不吝点赞|請不吝點贊).*",
    ),
    "de": (r"(vielen dank|danke) (fürs|für das) (zuschauen|zusehen)", r"untertitel(ung)? .*"),
    "fr": (r"sous titres? .*", r"merci d avoir regardé( .*)?", r"abonnez vous( .*)?"),
    "es": (r"subtítulos .*", r"gracias por ver( .*)?", r"suscríbete( .*)?"),
    "ru": (r"субтитры .*", r"(спасибо за просмотр|продолжение следует)", r"редактор субтитров .*"),
}

PLEASANTRIES: dict[str, frozenset[str]] = {
    "en": frozenset(("thank you", "thanks", "thank you very much", "you", "bye", "bye bye", "okay", "oh", "hmm", "so")),
    "ko": frozenset(("감사합니다", "고맙습니다", "안녕하세요", "네", "아", "음", "어", "안녕히 계세요")),
    "ja": frozenset(("ありがとうございました", "ありがとうございます", "はい", "おやすみなさい")),
    "zh": frozenset(("谢谢", "謝謝", "谢谢大家", "好")),
    "de": frozenset(("danke", "vielen dank", "ja", "tschüss")),
    "fr": frozenset(("merci", "oui")),
    "es": frozenset(("gracias", "sí")),
    "ru": frozenset(("спасибо", "да")),
}
