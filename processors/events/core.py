"""Makes statements out of windows: rules that hold, and a sentence where there is something new to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.events.hearing import HearingConfig, Noise, Voice, watch_noise, watch_voice
from processors.events.models import Narrator, View
from processors.events.people import Mood, People, PeopleConfig, watch_mood, watch_people
from processors.station import Item
from schemas.records import Event, Fused, Model


@dataclass(frozen=True, slots=True)
class Config:
    """When rules hold.

    people: those about who is there and how they feel.
    hearing: those about sounds and words.
    """

    people: PeopleConfig = field(default_factory=PeopleConfig)
    hearing: HearingConfig = field(default_factory=HearingConfig)


@dataclass(frozen=True, slots=True)
class State:
    """What each rule remembers, and what was said last of each aspect."""

    people: People = field(default_factory=People)
    mood: Mood = field(default_factory=Mood)
    voice: Voice = field(default_factory=Voice)
    noise: Noise = field(default_factory=Noise)
    said: tuple[tuple[str, str], ...] = ()


class Events:
    """Fold[Fused, Event]: one record per window with the same pts_us and watermark_us; gated and without text
    where there is nothing new to say. A gated record may carry hits that go on.
    """

    def __init__(self, narrator: Narrator, config: Config) -> None:
        self.narrator = narrator
        self.config = config
        self.state = State

    @property
    def model(self) -> Model:
        """The narrator's."""
        return self.narrator.model

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (alike for all sessions)
        """Nothing is known yet."""
        return State()

    def step(self, state: State, item: Item[Fused]) -> tuple[State, Sequence[Event]]:
        """The statement about one window."""
        fused, hearing = item.record, self.config.hearing
        if fused.status in ("rejected", "unavailable"):
            nothing = Event(
                pts_us=fused.pts_us, watermark_us=fused.watermark_us, status="gated", reason="no window"
            )
            return state, [nothing]
        people, came = watch_people(state.people, fused, self.config.people)
        mood, felt = watch_mood(state.mood, fused, self.config.people)
        voice, spoke = watch_voice(state.voice, fused, hearing)
        noise, heard = watch_noise(state.noise, fused, hearing)
        hits = (*came, *felt, *spoke, *heard)
        kinds = {h.kind for h in heard}
        view = View(
            people.count,
            mood.emotion,
            noise.silence_told,
            tuple(g.text for g in hearing.groups if g.kind in kinds),
        )
        told = self.narrator.tell(fused, view, hits, state.said)
        event = Event(
            pts_us=fused.pts_us, watermark_us=fused.watermark_us, start_us=fused.start_us, end_us=fused.end_us,
            status="ok" if told.text else "gated", reason="" if told.text else "nothing new",
            text=told.text, score=max((h.score for h in hits), default=0.0), hits=hits, prompt=told.prompt,
            fused_ids=(fused.id,), frame=fused.evidence.last_frame if fused.evidence else None,
        )  # fmt: skip
        return replace(State(people, mood, voice, noise), said=told.said), [event]

    def finish(self, state: State, pts_us: int) -> Sequence[Event]:  # noqa: ARG002 (every window has had its statement)
        """Nothing is left."""
        return ()
