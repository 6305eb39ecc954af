"""Every setting of the project in one typed object, read from `EMOTION_PIPELINE_*` variables.

A setting says where and on what things run. Whatever changes a number in a report is not a
setting but a value of a recipe.
"""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from joblib import cpu_count
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ENGINE = re.compile(
    r"loky|threading|sequential|ray"
    r"|(ray|dask)://([\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})",
    re.ASCII,
)
_RAY_JOBS = re.compile(r"(https?|ray)://([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?", re.ASCII)
_STORE = re.compile(r"s3://[\w.-]+(/[\w.=-]+)*/?(\?[\w.:%/&=-]+)?", re.ASCII)


def project_root() -> Path:
    """The checkout that this package is installed from, or else the working directory."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "workspace.yaml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """Where the lake, raw files and model files are, how and on what work is done."""

    model_config = SettingsConfigDict(
        env_prefix="EMOTION_PIPELINE_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        title="EMOTION_PIPELINE_*",  # what an error says before it names the setting
    )

    lake: Path = Field(default_factory=lambda: project_root() / "data_lake")
    lake_store: str | None = None
    """`s3://bucket/prefix`: the lake lies there, and what only this machine needs in `lake`."""
    raw: Path | None = None
    model_files: Path | None = None
    dagster_home: Path = Field(default_factory=lambda: project_root() / ".dagster")
    postgres_url: str | None = None
    run_launcher: str = "local"
    """`local`, or the jobs of a Ray cluster: `http://host:port` or `ray://host:port`."""
    engine: str = "loky"
    """`loky`, `threading`, `sequential`, `ray`, `ray://host:port` or `dask://host:port`."""
    workers: int = Field(default_factory=cpu_count, ge=1)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: int = Field(default=1, ge=1)
    """How many of them train one model together."""
    strategy: str = "ddp_spawn"
    """How they do: a strategy of Lightning."""
    recipes: str = "ferplus_cnn5,ferplus_cnn5_small"
    """Patterns, with commas between, of the recipes that a refresh of everything trains."""
    partial: str = ""
    """Datasets, with commas between, of which a part is meant to be used; `*` for all."""
    log_format: Literal["human", "json"] = "human"
    nightly_cron: str = "0 2 * * *"
    fresh_within_h: float | None = Field(default=None, gt=1)
    """After how many hours without a refresh of everything the UI says so; never for None."""
    alert_webhook: SecretStr | None = None
    """Address that takes a POST of `{"text": ...}`."""
    alert_command: SecretStr | None = None
    """A program and its arguments, which gets the text on its standard input."""

    @field_validator("lake", mode="before")
    @classmethod
    def _a_folder(cls, lake: object) -> object:
        if "://" in str(lake):
            raise ValueError(
                "should be a folder of this machine; name an object store in "
                "EMOTION_PIPELINE_LAKE_STORE"
            )
        return lake

    @field_validator("lake_store")
    @classmethod
    def _in_a_bucket(cls, store: str | None) -> str | None:
        if store is not None and not _STORE.fullmatch(store):
            raise ValueError(
                "should be 's3://bucket/prefix', perhaps with options such as "
                "'?endpoint_override=host:9000&scheme=http', and no credentials"
            )
        return store

    @field_validator("lake", "raw", "model_files", "dagster_home")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path is not None else None

    @field_validator("engine")
    @classmethod
    def _known(cls, engine: str) -> str:
        known = _ENGINE.fullmatch(engine)
        if known is None or int(known["port"] or 1) not in range(1, 65536):
            raise ValueError(
                "should be 'loky', 'threading', 'sequential', 'ray', 'ray://host:port' or "
                "'dask://host:port'"
            )
        return engine

    @field_validator("run_launcher")
    @classmethod
    def _local_or_ray(cls, launcher: str) -> str:
        if launcher != "local" and not _RAY_JOBS.fullmatch(launcher):
            raise ValueError("should be 'local', 'http://host:port' or 'ray://host:port'")
        return launcher

    @field_validator("alert_webhook")
    @classmethod
    def _of_the_web(cls, address: SecretStr | None) -> SecretStr | None:
        if address is not None and not re.match(r"https?://[^/\s]", address.get_secret_value()):
            raise ValueError("should begin with 'https://' or 'http://'")
        return address

    @field_validator("alert_command")
    @classmethod
    def _can_be_split(cls, command: SecretStr | None) -> SecretStr | None:
        if command is not None and not shlex.split(command.get_secret_value()):
            raise ValueError("should be a program and its arguments, quoted as in a shell")
        return command

    @property
    def partial_datasets(self) -> set[str]:
        """Names of the datasets that need not be complete."""
        return {name.strip() for name in self.partial.split(",")} - {""}

    def trains(self, recipe: str) -> bool:
        """Whether a refresh of everything trains a recipe that nobody asked for by name."""
        return any(fnmatch(recipe, pattern.strip()) for pattern in self.recipes.split(","))

    @property
    def raw_root(self) -> Path:
        """Folder with one folder per raw dataset."""
        return self.raw if self.raw is not None else self.lake / "raw"

    @property
    def model_files_root(self) -> Path:
        """Folder with the model files of other publishers."""
        return self.model_files if self.model_files is not None else self.lake / "model_files"
