"""Everything that can be set, in one typed place: `framelog.toml`, then `FRAMELOG_…` in the environment, then the
command line; the later wins. A part that has no address set is the embedded one, whose address `framelog up`
writes into the data folder.
"""

import json
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError

from connectors.clips.config import Config as ClipsConfig
from connectors.diff.config import Config as DiffConfig
from connectors.ends.config import Config as EndsConfig
from connectors.sources.config import Config as IngestConfig
from topics.connection import Connection
from topics.names import LIVE, Names

Profile = Literal["builtin", "cpu", "gpu", "remote"]
CONFIG_FILE = "framelog.toml"


class NotRunning(Exception):
    """A part has neither an address set nor an embedded one running; the message says what to do."""


class Settings(BaseSettings):
    """Settings of every command. Each is `FRAMELOG_<NAME>` in the environment and `<name>` in `framelog.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="FRAMELOG_", env_nested_delimiter="__", toml_file=CONFIG_FILE, extra="ignore"
    )

    data: Path = Field(Path("data"), description="Folder of everything that the platform keeps on this machine.")
    profile: Profile = Field(
        "cpu", description="Which models: builtin, cpu, gpu or remote; falls back and says so."
    )
    models: Path | None = Field(None, description="Folder of model weights; else DATA/models.")
    models_url: SecretStr = Field(
        SecretStr(""),
        description="Where `framelog models fetch` downloads from, such as a mirror that serves the same paths; "
        "where unset, where each file was published.",
    )
    prefix: str = Field("framelog", description="First part of every topic and group name.")
    partitions: int = Field(4, ge=1, description="Partitions of every topic; equal everywhere.")
    replication: int = Field(
        1, ge=1, description="Replicas of every topic; 3 for a cluster that may lose a broker."
    )
    min_insync: int | None = Field(
        None,
        ge=1,
        description="Replicas that must have a record before it is acknowledged (min.insync.replicas of every "
        "topic); where unset, all but one.",
    )

    kafka: str | None = Field(None, description="Bootstrap servers of a Kafka; embedded where unset.")
    kafka_security: dict[str, SecretStr] = Field(
        default_factory=dict, description="librdkafka's security settings, e.g. {'security.protocol': 'SASL_SSL'}."
    )
    registry: str | None = Field(None, description="URL of a schema registry; embedded where unset.")
    clickhouse: str | None = Field(None, description="URL of a ClickHouse server; embedded where unset.")
    clickhouse_user: str = Field("default", description="User of the ClickHouse server.")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="Password of the ClickHouse server.")
    clickhouse_database: str = Field("framelog", description="Database of the views; tables are in <name>_log.")
    objects: str | None = Field(None, description="Object store: s3://BUCKET[/PREFIX]; a folder where unset.")
    s3_endpoint: str | None = Field(None, description="Endpoint of an S3 store that is not Amazon's.")

    host: str = Field("127.0.0.1", description="Address that the page and the API listen on.")
    port: int = Field(8787, ge=0, le=65535, description="Port of the page and the API.")
    ingest: IngestConfig = Field(default_factory=IngestConfig, description="How sources are taken in.")
    ends: EndsConfig = Field(default_factory=EndsConfig, description="When sessions that were left are ended.")
    clips: ClipsConfig = Field(default_factory=ClipsConfig, description="How clips are cut.")
    diff: DiffConfig = Field(default_factory=DiffConfig, description="When two runs say the same.")
    traceback: bool = Field(False, description="Show where an unforeseen error came from, not only what it is.")
    stall_s: float = Field(
        30.0, gt=0, description="A station with input and no output for this long is unhealthy."
    )

    @field_validator("min_insync")
    @classmethod
    def within_replication(cls, value: int | None, info: ValidationInfo) -> int | None:
        """More than there are would mean that nothing is ever acknowledged."""
        if value is not None and value > info.data.get("replication", value):
            raise ValueError(
                f"{value} is more than the {info.data['replication']} replicas: no write would ever do"
            )
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic calls it so)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic calls it so)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line before environment before file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def run_folder(self) -> Path:
        """Where processes leave what others must know of them: addresses, states."""
        return self.data / "run"

    def embedded(self, part: str) -> str:
        """Address of a running embedded part."""
        try:
            known: dict[str, str] = json.loads((self.run_folder / "endpoints.json").read_text())
            return known[part]
        except (OSError, ValueError, KeyError):
            raise NotRunning(
                f"no {part} is set and none runs on {self.data}: start the platform with "
                f"`framelog up --data {self.data}` or set FRAMELOG_{part.upper()}"
            ) from None

    @property
    def connection(self) -> Connection:
        """How to reach the log; NotRunning if there is none."""
        return Connection(
            bootstrap=self.kafka or self.embedded("kafka"),
            registry_url=self.registry or self.embedded("registry"),
            names=Names(self.prefix, LIVE),
            partitions=self.partitions,
            replication=self.replication,
            min_insync=self.min_insync,
            security={key: value.get_secret_value() for key, value in self.kafka_security.items()},
        )

    @property
    def clickhouse_url(self) -> str:
        """Where ClickHouse is; NotRunning if there is none."""
        return self.clickhouse or self.embedded("clickhouse")

    @property
    def weights(self) -> Path:
        """Where model weights are looked for and downloaded to."""
        return self.models or self.data / "models"

    def environment(self) -> dict[str, str]:
        """What a child process needs in its environment to see these settings; paths absolute."""
        kept = {key: value for key, value in os.environ.items() if key.startswith("FRAMELOG_")}
        kept |= {"FRAMELOG_DATA": str(self.data.resolve()), "FRAMELOG_PROFILE": self.profile}
        if self.models is not None:
            kept["FRAMELOG_MODELS"] = str(self.models.resolve())
        return kept


def load(**given: Any) -> Settings:
    """The settings; what is given (and not None) wins. Ends with a readable message if one is wrong."""
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        lines = [f"FRAMELOG_{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SystemExit("framelog: settings: " + "; ".join(lines)) from None
    except SettingsError as error:  # its message names the setting, its cause would show the value
        raise SystemExit(f"framelog: settings: {error}: is it JSON?") from None
    except tomllib.TOMLDecodeError as error:
        raise SystemExit(f"framelog: settings: {CONFIG_FILE}: {error}") from None
