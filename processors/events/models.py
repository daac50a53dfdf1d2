"""Who puts a window into words: templates here; a model that sees the picture can take their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from processors.events.people import LOOKS, people
from processors.rules import rules_model
from schemas.records import Fused, Hit, Model

VERSION = "1"


@dataclass(frozen=True, slots=True)
class View:
    """What the rules believe at the end of a window.

    persons: people there, -1 if not known. emotion: prevailing one, empty if none. silent: for long enough.
    heard: kinds of sound in this window, in words.
    """

    persons: int
    emotion: str
    silent: bool
    heard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A statement.

    text: sentences, empty where there is nothing new. said: what was said last of each aspect, for the next
    window. prompt: what a language model was asked, empty for rules.
    """

    text: str
    said: tuple[tuple[str, str], ...]
    prompt: str = ""


class Narrator(Protocol):
    """Puts a window into words. The same arguments must give the same answer."""

    @property
    def model(self) -> Model:
        """Its name, version and digest."""
        ...

    def tell(self, fused: Fused, view: View, hits: Sequence[Hit], said: tuple[tuple[str, str], ...]) -> Told:
        """What is new in the window against what was `said` last of each aspect."""
        ...


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the template narrator says. `{}` takes what its name says."""

    in_view: str = "{who} in view"
    looks: str = "a face looks {how}"
    hears: str = "{what} is heard"
    silent: str = "it is silent"
    says: str = 'a voice says "{words}"'


def sentence(clauses: Sequence[str]) -> str:
    """Clauses as sentences: capital letter first, full stop last."""
    return " ".join(f"{c[0].upper()}{c[1:]}." for c in clauses if c)


class TemplateNarrator:
    """Sentences out of templates: of each aspect (who, mood, sound) only what differs from what was said last,
    and every word that is spoken. What a rule has told is not told again as a state.
    """

    def __init__(self, rules: object = None, phrases: Phrases | None = None) -> None:
        """`rules` is what decides on hits; it is only digested, so that other rules are another model."""
        self.phrases = phrases or Phrases()
        self.model: Model = rules_model("narrator", VERSION, {"phrases": self.phrases, "rules": rules})

    def tell(self, fused: Fused, view: View, hits: Sequence[Hit], said: tuple[tuple[str, str], ...]) -> Told:
        """What is new in the window."""
        p, before = self.phrases, dict(said)
        states = {
            "who": p.in_view.format(who=_is_or_are(view.persons)) if view.persons >= 0 else "",
            "mood": p.looks.format(how=LOOKS.get(view.emotion, view.emotion)) if view.emotion else "",
            "sound": p.silent
            if view.silent
            else p.hears.format(what=" and ".join(view.heard))
            if view.heard
            else "",
        }
        told = {ASPECT_OF.get(h.kind, "sound"): h.text for h in hits if not h.text.endswith("goes on")}
        clauses = [
            told.get(aspect) or state for aspect, state in states.items() if state != before.get(aspect, "")
        ]
        clauses += [
            text
            for aspect, text in told.items()
            if aspect not in states or states[aspect] == before.get(aspect, "")
        ]
        if fused.text:
            clauses.append(p.says.format(words=fused.text))
        return Told(sentence(clauses), tuple(sorted(states.items())))


ASPECT_OF = {
    "person_entered": "who", "person_left": "who", "scene_empty": "who", "crowd": "who", "emotion_changed": "mood",
    "strong_emotion": "mood", "speech_started": "voice", "word": "voice", "silence_started": "sound",
}  # fmt: skip


def _is_or_are(n: int) -> str:
    return f"{people(n)} {'is' if n <= 1 else 'are'}"
