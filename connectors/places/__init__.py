"""From stream time to offsets: where in the raw topics a stretch of a stream lies, and what of it is gone."""

from connectors.places.core import Mark, Missing, Places, Session, Stretch
from connectors.places.reader import places_of, stretch_of

__all__ = ["Mark", "Missing", "Places", "Session", "Stretch", "places_of", "stretch_of"]
