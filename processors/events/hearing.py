"""Rules about what is heard and said. Each takes what it remembers and a window, and gives both back."""

from dataclasses import dataclass, replace
from math import exp

from schemas.records import Fused, Hit

FLOOR_DB = -60.0  # below this, how quiet it is makes no difference to what is loud next


@dataclass(frozen=True, slots=True)
class SoundGroup:
    """Sound classes that mean the same to a listener.

    kind: of the hit. labels: class names, any case. text: what is heard, in words.
    """

    kind: str
    labels: tuple[str, ...]
    text: str


GROUPS = (
    SoundGroup("applause", ("applause", "clapping", "cheering"), "applause"),
    SoundGroup("laughter", ("laughter", "giggle", "snicker", "belly laugh", "chuckle, chortle"), "laughter"),
    SoundGroup("scream", ("screaming", "yell", "shout"), "a scream"),
    SoundGroup("crying", ("crying, sobbing", "baby cry, infant cry", "whimper"), "crying"),
    SoundGroup("alarm", ("alarm", "siren", "fire alarm", "smoke detector, smoke alarm", "car alarm"), "an alarm"),
    SoundGroup("bang", ("explosion", "gunshot, gunfire", "glass", "shatter", "breaking", "slam"), "a bang"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HearingConfig:
    """When sounds and words are told.

    speech_pause_s: a voice after this long without one begins anew.
    speech_long_pause_s: after a pause this long (or longer) it is as notable as can be.
    silence_s: silence this long is told.
    loud_rise_db: a sound this far above what was usual is loud.
    loud_over_db: a loud sound is over when it is less than this above what was usual.
    loud_least_db: a sound below this is never loud, dB of full scale.
    baseline_s: time constant of what is usual.
    sound_score: a sound class must score this to be told.
    sound_pause_s: the same kind of sound after a pause this long begins anew.
    groups: which sound classes are told, and as what.
    words: words to listen for, any case.
    word_again_s: the same word is not told again before this.
    """

    speech_pause_s: float = 5.0
    speech_long_pause_s: float = 20.0
    silence_s: float = 3.0
    loud_rise_db: float = 15.0
    loud_over_db: float = 6.0
    loud_least_db: float = -35.0
    baseline_s: float = 8.0
    sound_score: float = 0.3
    sound_pause_s: float = 3.0
    groups: tuple[SoundGroup, ...] = GROUPS
    words: tuple[str, ...] = ("help", "fire", "police", "emergency")
    word_again_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Voice:
    """quiet_since_us: since when nobody speaks. speaking: somebody did in the last window.
    told: words of interest and when they were told last.
    """

    quiet_since_us: int = 0
    speaking: bool = False
    told: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Noise:
    """What is remembered of the sound.

    usual_db: what level is usual, None before the first answer. loud: a loud sound goes on. silent_since_us:
    since when it is silent. silence_told: that was told. heard: kinds of sound and when they were heard last.
    """

    usual_db: float | None = None
    loud: bool = False
    silent_since_us: int | None = None
    silence_told: bool = False
    heard: tuple[tuple[str, int], ...] = ()


def watch_voice(was: Voice, fused: Fused, config: HearingConfig) -> tuple[Voice, list[Hit]]:
    """speech_started after a pause, and word for a word of interest."""
    if not fused.speaking:
        # Where nobody listened it is not known to be quiet: the pause begins where somebody does again.
        unheard = "speech" in fused.missing
        return replace(was, speaking=False, quiet_since_us=fused.end_us if unheard else was.quiet_since_us), []
    hits: list[Hit] = []
    at_us = fused.words[0].start_us if fused.words else fused.start_us
    pause_s = (max(at_us, fused.start_us) - was.quiet_since_us) / 1e6
    if not was.speaking and pause_s >= config.speech_pause_s:
        score = 0.5 + 0.5 * min(1.0, pause_s / config.speech_long_pause_s)
        text = f"a voice begins after {pause_s:.0f} s without one"
        hits.append(Hit(kind="speech_started", score=score, at_us=at_us, text=text))
    wanted, told = {w.casefold() for w in config.words}, dict(was.told)
    for word in fused.words:
        plain = word.text.strip(".,;:!?\"'").casefold()
        if plain in wanted and word.start_us - told.get(plain, -(1 << 62)) >= config.word_again_s * 1e6:
            hits.append(Hit(kind="word", score=1.0, at_us=word.start_us, text=f'somebody says "{plain}"'))
            told[plain] = word.start_us
    return Voice(fused.end_us, True, tuple(sorted(told.items()))), hits


def watch_noise(was: Noise, fused: Fused, config: HearingConfig) -> tuple[Noise, list[Hit]]:
    """silence_started, loud_sound, and the kinds of sound that are listened for (each window, while they last)."""
    if "sounds" in fused.missing:
        return replace(was, silent_since_us=None, silence_told=False), []
    hits: list[Hit] = []
    now = _silence(was, fused, config, hits)
    now = _loud(now, fused, config, hits)
    return _kinds(now, fused, config, hits), hits


def _silence(was: Noise, fused: Fused, config: HearingConfig, hits: list[Hit]) -> Noise:
    if not fused.silence:
        return replace(was, silent_since_us=None, silence_told=False)
    since_us = fused.start_us if was.silent_since_us is None else was.silent_since_us
    long_enough = fused.end_us - since_us >= config.silence_s * 1e6
    if long_enough and not was.silence_told:
        hits.append(Hit(kind="silence_started", score=0.3, at_us=since_us, text="it falls silent"))
    return replace(was, silent_since_us=since_us, silence_told=was.silence_told or long_enough)


def _loud(was: Noise, fused: Fused, config: HearingConfig, hits: list[Hit]) -> Noise:
    level_db = max(fused.loudness_db, FLOOR_DB)
    if was.usual_db is None:
        return replace(was, usual_db=level_db)
    rise_db = level_db - was.usual_db
    begins = rise_db >= config.loud_rise_db and level_db >= config.loud_least_db
    if begins and not was.loud and not fused.speaking:
        score = 0.5 + 0.5 * min(1.0, (rise_db - config.loud_rise_db) / 25.0)
        text = f"a loud sound, {rise_db:.0f} dB above what was usual"
        hits.append(Hit(kind="loud_sound", score=score, at_us=fused.start_us, text=text))
    share = 1.0 - exp(-(fused.end_us - fused.start_us) / 1e6 / config.baseline_s)
    return replace(
        was, loud=begins or (was.loud and rise_db >= config.loud_over_db), usual_db=was.usual_db + share * rise_db
    )


def _kinds(was: Noise, fused: Fused, config: HearingConfig, hits: list[Hit]) -> Noise:
    heard, scores = dict(was.heard), {s.label.casefold(): s.score for s in fused.sounds}
    for group in config.groups:
        score = max((scores.get(label.casefold(), 0.0) for label in group.labels), default=0.0)
        if score < config.sound_score:
            continue
        last_us = heard.get(group.kind)
        anew = last_us is None or fused.start_us - last_us > config.sound_pause_s * 1e6
        text = f"{group.text} begins" if anew else f"{group.text} goes on"
        hits.append(Hit(kind=group.kind, score=score, at_us=fused.start_us, text=text))
        heard[group.kind] = fused.end_us
    return replace(was, heard=tuple(sorted(heard.items())))
