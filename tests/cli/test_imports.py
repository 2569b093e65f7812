from tests.cli.command_line import Operator


def test_what_is_no_command_is_a_file(run: Operator) -> None:
    assert "there is no file none.json" in run("import", "none.json").stderr
    assert "there is no file none.json" in run("import", "dumps", "none.json").stderr


def test_a_system_is_a_command_of_its_own(run: Operator) -> None:
    refused = run("import", "realtimekit")
    assert refused.exit_code == 2 and "--account" in refused.stderr
