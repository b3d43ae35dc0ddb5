"""The pure core of live speech: audio in, utterances and captions out.

Time is a count of 16 kHz samples. No clock, no I/O, no asyncio, no logging, no settings in here;
imports are the standard library, numpy and `contracts`.
"""
