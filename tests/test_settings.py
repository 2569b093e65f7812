"""Settings: the values of environment and command line, and refusals by name."""

from dataclasses import fields
from pathlib import Path

import pytest

from aftercall.settings import (
    SECRET,
    BadSetting,
    Settings,
    about,
    public_values,
    read_settings,
)


def test_without_environment_every_setting_has_its_default() -> None:
    assert read_settings({}) == Settings()


def test_a_setting_is_read_from_its_name_in_capitals() -> None:
    settings = read_settings(
        {
            "AFTERCALL_PORT": "9000",
            "AFTERCALL_DATA_DIR": "/var/lib/aftercall",
            "AFTERCALL_PUBLIC_URL": "https://calls.example",
            "AFTERCALL_PRIVACY": "none",
        }
    )
    assert settings == Settings(
        port=9_000,
        data_dir=Path("/var/lib/aftercall"),
        public_url="https://calls.example",
        privacy="none",
    )


def test_variables_of_other_programs_are_ignored() -> None:
    assert read_settings({"PORT": "1", "XAFTERCALL_PORT": "2", "aftercall_port": "3"}) == Settings()


def test_an_option_of_the_command_line_overrides_the_environment() -> None:
    environment = {"AFTERCALL_PORT": "9000", "AFTERCALL_HOST": "::1"}
    settings = read_settings(environment, port=9_001, host=None)
    assert (settings.port, settings.host) == (9_001, "::1")


@pytest.mark.parametrize("option", [0, False, ""])
def test_an_option_that_is_zero_off_or_empty_is_used(option: object) -> None:
    name = {int: "port", bool: "web", str: "host"}[type(option)]
    environment = {"AFTERCALL_PORT": "9000", "AFTERCALL_WEB": "on", "AFTERCALL_HOST": "::1"}
    assert getattr(read_settings(environment, **{name: option}), name) == option


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("1", "true", "YES", "On", " true ")),
        *((text, False) for text in ("0", "false", "No", "OFF", "", "  ")),
    ],
)
def test_a_flag_accepts_the_usual_words(text: str, value: bool) -> None:
    assert read_settings({"AFTERCALL_WEB": text}).web is value


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("AFTERCALL_WEB", "maybe", "AFTERCALL_WEB must be true or false, not 'maybe'"),
        ("AFTERCALL_PORT", "80.5", "AFTERCALL_PORT must be a whole number, not '80.5'"),
        ("AFTERCALL_PORT", "", "AFTERCALL_PORT must be a whole number, not ''"),
        ("AFTERCALL_PRIVACY", "None", "AFTERCALL_PRIVACY must be one of full, truncate, none"),
        ("AFTERCALL_TRANSCRIPT_CSV", "", "AFTERCALL_TRANSCRIPT_CSV must be one of offset, dyte"),
        ("AFTERCALL_PROT", "80", "AFTERCALL_PROT is not a setting of Aftercall"),
    ],
)
def test_an_invalid_value_is_refused_by_name(key: str, text: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        read_settings({key: text})


@pytest.mark.parametrize(
    ("url", "effective"),
    [
        ("postgres://u:p@db/calls", "postgresql+asyncpg://u:p@db/calls"),
        ("postgresql://db/calls?ssl=require", "postgresql+asyncpg://db/calls?ssl=require"),
        ("postgresql+asyncpg://db/calls", "postgresql+asyncpg://db/calls"),
        ("sqlite:////srv/calls.db", "sqlite+aiosqlite:////srv/calls.db"),
        ("sqlite+aiosqlite:///calls.db", "sqlite+aiosqlite:///calls.db"),
    ],
)
def test_a_database_url_gets_its_driver(url: str, effective: str) -> None:
    assert Settings(database_url=url).effective_database_url == effective


def test_without_a_database_url_an_sqlite_file_is_in_the_data_folder(tmp_path: Path) -> None:
    url = Settings(data_dir=tmp_path / "x" / "..").effective_database_url
    assert url == f"sqlite+aiosqlite:///{tmp_path.resolve()}/aftercall.db"


@pytest.mark.parametrize("url", ["mysql://db/calls", "db/calls", "postgresql+psycopg://db/calls"])
def test_an_unsupported_database_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="must begin with postgresql:// or sqlite://"):
        _ = Settings(database_url=url).effective_database_url


def test_a_refused_database_url_does_not_repeat_its_password() -> None:
    with pytest.raises(BadSetting) as refused:
        _ = Settings(database_url="mysql://ann:secret@db/calls").effective_database_url
    assert "secret" not in str(refused.value)


def test_passwords_and_paths_are_not_public() -> None:
    names = {f.name for f in fields(Settings)}
    shown = public_values(Settings(database_url="postgresql://ann:secret@db/calls"))
    assert set(shown) == names - SECRET
    assert names >= SECRET >= {"database_url", "data_dir", "secret_key", "smtp_url"}
    assert "summary_model_key" in SECRET


@pytest.mark.parametrize("name", [f.name for f in fields(Settings)])
def test_every_setting_is_explained_in_a_sentence(name: str) -> None:
    assert about(name).strip().endswith(".")


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda f: f.name)
def test_every_default_has_its_type_and_is_among_its_choices(setting: object) -> None:
    name, kind = setting.name, setting.type  # type: ignore[attr-defined]
    choices = setting.metadata["choices"]  # type: ignore[attr-defined]
    default = getattr(Settings(), name)
    assert type(default) is kind or isinstance(default, Path)
    assert not choices or default in choices


@pytest.mark.parametrize("number", ["0", "9", "-1"])
def test_a_number_out_of_bounds_is_refused_by_name(number: str) -> None:
    message = f"AFTERCALL_SAMPLES_PER_REQUEST must be from 1 to 8, not {number}"
    with pytest.raises(BadSetting, match=message):
        read_settings({"AFTERCALL_SAMPLES_PER_REQUEST": number})


def test_a_setting_may_be_the_content_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://ann:secret@db/calls\n")
    settings = read_settings({"AFTERCALL_DATABASE_URL_FILE": str(file)})
    assert settings.database_url == "postgresql://ann:secret@db/calls"


@pytest.mark.parametrize("name", [f.name for f in fields(Settings)])
def test_no_setting_has_a_name_that_means_a_file_of_another(name: str) -> None:
    assert not name.endswith("_file")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), (b"\xff", "is not UTF-8 text"), (b"x" * 65_537, "is larger than")],
)
def test_a_file_that_cannot_be_a_setting_is_refused_without_its_content(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSetting) as refused:
        read_settings({"AFTERCALL_DATABASE_URL_FILE": str(file)})
    assert str(refused.value).startswith(f"AFTERCALL_DATABASE_URL_FILE: {file} {problem}")
    assert len(str(refused.value)) < 300


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    environment = {"AFTERCALL_PORT": "1", "AFTERCALL_PORT_FILE": str(tmp_path / "port")}
    with pytest.raises(BadSetting, match="AFTERCALL_PORT and AFTERCALL_PORT_FILE are both set"):
        read_settings(environment)


def test_a_file_of_an_unknown_setting_is_refused() -> None:
    with pytest.raises(BadSetting, match="AFTERCALL_PROT_FILE is not a setting of Aftercall"):
        read_settings({"AFTERCALL_PROT_FILE": "/nowhere"})
