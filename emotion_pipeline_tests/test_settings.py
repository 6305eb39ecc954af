import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from emotion_pipeline.settings import Settings, project_root

PREFIX = "EMOTION_PIPELINE_"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("LAKE", "/some/lake", "lake", Path("/some/lake")),
        ("RAW", "/some/raw", "raw", Path("/some/raw")),
        ("MODEL_FILES", "/some/models", "model_files", Path("/some/models")),
        ("DAGSTER_HOME", "/some/home", "dagster_home", Path("/some/home")),
        ("POSTGRES_URL", "postgresql://a@b/c", "postgres_url", "postgresql://a@b/c"),
        ("ENGINE", "threading", "engine", "threading"),
        ("WORKERS", "3", "workers", 3),
        ("DEVICE", "cpu", "device", "cpu"),
        ("RECIPES", "*_small", "recipes", "*_small"),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("NIGHTLY_CRON", "0 4 * * *", "nightly_cron", "0 4 * * *"),
    ],
)
def test_every_setting_is_read_from_its_variable(monkeypatch, variable, text, field, value):
    assert getattr(Settings(), field) != value
    monkeypatch.setenv(PREFIX + variable, text)
    assert getattr(Settings(), field) == value


def test_every_setting_has_a_default():
    settings = Settings()
    assert settings.lake == project_root() / "data_lake"
    assert settings.raw is None
    assert settings.raw_root == settings.lake / "raw"
    assert settings.model_files is None
    assert settings.model_files_root == settings.lake / "model_files"
    assert settings.dagster_home == project_root() / ".dagster"
    assert settings.postgres_url is None
    assert settings.engine == "loky"
    assert 1 <= settings.workers <= os.cpu_count()
    assert settings.device == "auto"
    assert settings.recipes == "ferplus_cnn5,ferplus_cnn5_small"


def test_the_checkout_is_the_root_of_an_installation_from_it():
    assert (project_root() / "workspace.yaml").is_file()
    assert (project_root() / "emotion_pipeline" / "settings.py").is_file()


@pytest.mark.parametrize("setting", ["raw", "model_files"])
def test_source_files_lie_below_the_lake_unless_a_variable_says_otherwise(monkeypatch, setting):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "/some/lake")
    assert getattr(Settings(), f"{setting}_root") == Path("/some/lake", setting)
    monkeypatch.setenv(PREFIX + setting.upper(), "/other/folder")
    assert getattr(Settings(), f"{setting}_root") == Path("/other/folder")


def test_relative_paths_are_taken_from_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "lake")
    monkeypatch.setenv("EMOTION_PIPELINE_RAW", "../raw")
    monkeypatch.setenv("EMOTION_PIPELINE_MODEL_FILES", "models")
    settings = Settings()
    monkeypatch.chdir("/")
    assert settings.lake == tmp_path / "lake"
    assert settings.model_files == tmp_path / "models"
    assert settings.raw.is_absolute()
    assert settings.raw.resolve() == tmp_path.parent.resolve() / "raw"


def test_the_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "~/lake")
    assert Settings().lake == tmp_path / "lake"


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("EMOTION_PIPELINE_ENGINE", "spark", "'sequential', 'ray', 'ray://host:port' or 'dask:"),
        ("EMOTION_PIPELINE_WORKERS", "0", "greater than or equal to 1"),
        ("EMOTION_PIPELINE_WORKERS", "many", "valid integer"),
        ("EMOTION_PIPELINE_DEVICE", "tpu", "'cuda'"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(monkeypatch, variable, text, reason):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert f"for {PREFIX}*\n{variable.removeprefix(PREFIX).lower()}\n" in str(caught.value)
    assert reason in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "engine",
    ["loky", "threading", "sequential", "ray", "ray://[::1]:1", "dask://head.example-1.org:65535"],
)
def test_every_engine_is_accepted(monkeypatch, engine):
    monkeypatch.setenv("EMOTION_PIPELINE_ENGINE", engine)
    assert Settings().engine == engine


@pytest.mark.parametrize(
    "engine",
    [
        "dask",
        "ray://",
        "ray://head",
        "dask://:8786",
        "dask://head:0",
        "dask://head:65536",
        "ray://head:10001/",
        "ray://me@head:1",
        "http://head:1",
        "Loky",
        "ray ",
        "ray://head:1\n",
    ],
)
def test_an_engine_without_a_usable_address_is_refused(monkeypatch, engine):
    monkeypatch.setenv("EMOTION_PIPELINE_ENGINE", engine)
    with pytest.raises(ValidationError, match="'ray://host:port' or 'dask://host:port'"):
        Settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    defaults = Settings().model_dump()
    monkeypatch.setenv("EMOTION_PIPELINE_RAW", "")
    monkeypatch.setenv("EMOTION_PIPELINE_WORKERS", "")
    assert Settings().model_dump() == defaults


def test_arguments_go_before_variables(monkeypatch):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "/from/variable")
    monkeypatch.setenv("EMOTION_PIPELINE_WORKERS", "3")
    settings = Settings(lake="/from/argument", workers=2)
    assert (settings.lake, settings.workers) == (Path("/from/argument"), 2)


def test_variables_that_are_no_settings_are_ignored(monkeypatch):
    defaults = Settings().model_dump()
    monkeypatch.setenv("EMOTION_PIPELINE_TEST_DATA", "/some/data")
    monkeypatch.setenv("LAKE", "/not/this")
    assert Settings().model_dump() == defaults


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().workers = 2
