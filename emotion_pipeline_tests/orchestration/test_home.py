import dagster as dg
import yaml

from emotion_pipeline.orchestration.home import OURS, open_instance, prepare
from emotion_pipeline.settings import Settings


def test_runs_are_kept_in_a_folder_of_the_project_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(Settings(dagster_home=tmp_path / "home")) as instance:
        assert instance.root_directory == str(tmp_path / "home")
        event = dg.AssetObservation("raw", tags={"dagster/data_version": "1"})
        instance.report_runless_asset_event(event)
    assert any((tmp_path / "home").rglob("*.db"))


def test_a_postgres_url_is_read_from_the_environment_and_not_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    address = "postgresql+psycopg2://somebody:secret@127.0.0.1/dagster"
    home = prepare(Settings(dagster_home=tmp_path, postgres_url=address))
    text = (home / "dagster.yaml").read_text()
    assert "secret" not in text
    url = yaml.safe_load(text)["storage"]["postgres"]["postgres_url"]
    assert url == {"env": "EMOTION_PIPELINE_POSTGRES_URL"}


def test_a_configuration_of_ones_own_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    prepare(Settings(dagster_home=tmp_path))
    file = tmp_path / "dagster.yaml"
    mine = file.read_text().removeprefix(OURS) + "run_monitoring: {enabled: true}\n"
    file.write_text(mine)
    prepare(Settings(dagster_home=tmp_path))
    assert file.read_text() == mine
