import pytest

from lifecycle import settings
from lifecycle.errors import InvalidInput


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "lifecycle.toml").write_text('port = 9000\nhost = "0.0.0.0"\n')

    read = settings.load({"LIFECYCLE_HOME": str(tmp_path), "LIFECYCLE_PORT": "9001"})

    assert (read.home, read.host, read.port) == (tmp_path, "0.0.0.0", 9001)  # noqa: S104 -- a value to read, nothing listens


def test_an_unknown_setting_is_named_with_its_file(tmp_path):
    (tmp_path / "lifecycle.toml").write_text("prot = 9000\n")

    with pytest.raises(InvalidInput, match=r"lifecycle\.toml has the unknown setting 'prot'"):
        settings.load({}, home=tmp_path)


def test_a_file_that_is_not_toml_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "lifecycle.toml").write_text("port =")

    with pytest.raises(InvalidInput, match="not valid TOML"):
        settings.load({}, home=tmp_path)


def test_a_port_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="port must be a whole number, not 'http'"):
        settings.load({"LIFECYCLE_PORT": "http"}, home=tmp_path)


def test_allowed_hosts_may_be_a_list_or_a_comma_separated_word(tmp_path):
    (tmp_path / "lifecycle.toml").write_text('allowed_hosts = ["a.example", "b.example"]\n')

    from_file = settings.load({}, home=tmp_path)
    from_word = settings.load({"LIFECYCLE_ALLOWED_HOSTS": "a.example, b.example"}, home=tmp_path)

    assert from_file.allowed_hosts == from_word.allowed_hosts == ("a.example", "b.example")


def test_allowed_hosts_of_another_kind_are_refused(tmp_path):
    (tmp_path / "lifecycle.toml").write_text("allowed_hosts = 3\n")

    with pytest.raises(InvalidInput, match="list of host names"):
        settings.load({}, home=tmp_path)


def test_a_checkout_keeps_its_workspace_among_its_data():
    assert settings.default_home({}).parts[-2:] == ("data", "workspace")


def test_periods_of_retention_come_from_a_table_or_a_line(tmp_path):
    (tmp_path / "lifecycle.toml").write_text("[retention]\npersonal = 730\nmessages = 90\n")

    from_file = settings.load({}, home=tmp_path)
    from_word = settings.load({"LIFECYCLE_RETENTION": "personal=730, messages=90"}, home=tmp_path)

    assert from_file.retention == from_word.retention == (("personal", 730), ("messages", 90))
    with pytest.raises(InvalidInput, match="retention must be a whole number, not 'long'"):
        settings.load({"LIFECYCLE_RETENTION": "personal=long"}, home=tmp_path)
    with pytest.raises(InvalidInput, match="retention must say CLASS=DAYS"):
        settings.load({"LIFECYCLE_RETENTION": "730"}, home=tmp_path)
