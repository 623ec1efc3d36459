"""Where keys come from and which source wins."""
REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/drover"


def signed_by(world):
    last = [e for e in world.log if e["action"] == "DescribeAutoScalingGroups"][-1]
    return last["headers"]["authorization"].split("Credential=")[1].split("/")[0]


def write(module, credentials="", config=""):
    folder = module.folder / ".aws"
    folder.mkdir(exist_ok=True)
    for name, text in (("credentials", credentials), ("config", config)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


def add_keys(world, *names):
    for name in names:
        world.keys[name] = {"secret": f"{name}-secret"}


def pair(name):
    return f"aws_access_key_id = {name}\naws_secret_access_key = {name}-secret\n"


def test_the_environment_wins_over_files_and_an_explicit_profile_over_the_environment(module, world):
    add_keys(world, "FILEDEFAULT", "FILENAMED")
    write(module, f"[default]\n{pair('FILEDEFAULT')}[named]\n{pair('FILENAMED')}")
    module.pools()
    assert signed_by(world) == "AKIDEXAMPLE"
    module.environment["AWS_PROFILE"] = "named"
    module.pools()
    assert signed_by(world) == "AKIDEXAMPLE"
    module.settings["profile"] = "named"
    module.pools()
    assert signed_by(world) == "FILENAMED"
    del module.settings["profile"]
    module.environment = {"AWS_PROFILE": "named"}
    module.pools()
    assert signed_by(world) == "FILENAMED"
    module.environment = {}
    module.pools()
    assert signed_by(world) == "FILEDEFAULT"


def test_keys_of_the_settings_win_over_all(module, world):
    add_keys(world, "SETTINGS")
    secret = module.folder / "secret"
    secret.write_text("SETTINGS-secret\n")
    secret.chmod(0o600)
    module.settings.update(access_key_id="SETTINGS", secret_access_key_file=str(secret))
    module.pools()
    assert signed_by(world) == "SETTINGS"


def test_a_role_is_assumed_with_the_keys_found_and_its_token_is_signed(module, world):
    module.settings.update(role_arn=ROLE + "/external", external_id="shared", role_session_name="ops")
    module.pools()
    assert signed_by(world).startswith("ASIA")
    form = next(e["form"] for e in world.log if e["action"] == "AssumeRole")
    assert (form["RoleSessionName"], form["DurationSeconds"]) == ("ops", "3600")
    module.settings["external_id"] = "wrong"
    assert module.call("pools")[1]["done"] == "auth"


def test_a_profile_assumes_its_role_from_another_profile(module, world):
    add_keys(world, "BASE")
    module.environment = {}
    module.settings["profile"] = "far"
    write(module, f"[base]\n{pair('BASE')}",
          f"[profile far]\nrole_arn = {ROLE}\nsource_profile = near\n[profile near]\nrole_arn = {ROLE}2\nsource_profile = base\n")
    module.pools()
    assert [e["form"]["RoleArn"] for e in world.log if e["action"] == "AssumeRole"] == [ROLE + "2", ROLE]


def test_profiles_that_go_round_in_a_circle_are_refused(module, world):
    module.environment = {}
    module.settings["profile"] = "a"
    write(module, config=f"[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}\nsource_profile = a\n")
    done = module.call("pools")[1]
    assert done["done"] == "invalid" and "circle" in done["error"]["text"] and world.log == []


def test_a_profile_may_take_the_environments_keys_as_its_source(module, world):
    module.settings["profile"] = "role"
    write(module, config=f"[profile role]\nrole_arn = {ROLE}\ncredential_source = Environment\n")
    module.pools()
    assert signed_by(world).startswith("ASIA")


def test_what_needs_a_person_or_a_program_is_refused_with_a_reason(module, world):
    module.environment = {}
    for line in ("credential_process = /bin/true", "sso_session = x", f"role_arn = {ROLE}\nmfa_serial = x\nsource_profile = default"):
        write(module, config=f"[default]\n{line}\n")
        done = module.call("pools")[1]
        assert done["done"] == "invalid" and "is not possible here" in done["error"]["text"]


def test_web_identity_needs_no_keys(module, world):
    token = module.folder / "token"
    token.write_text("a.web.identity\n")
    module.environment = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE}
    module.pools()
    assert signed_by(world).startswith("ASIA")
    (asked,) = [e for e in world.log if e["action"] == "AssumeRoleWithWebIdentity"]
    assert "authorization" not in asked["headers"]
    token.write_text("another")
    assert module.call("pools")[1]["done"] == "auth"
    del module.environment["AWS_ROLE_ARN"]
    assert module.call("pools")[1]["done"] == "invalid"


def test_a_container_gives_keys_with_its_authorization(module, world, double):
    world.metadata["authorization"] = "Basic container"
    token = module.folder / "container-token"
    token.write_text("Basic container\n")
    module.environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": double.url + "/container/credentials",
                          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    module.pools()
    assert signed_by(world).startswith("ASIAMETA")
    module.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/credentials"
    done = module.call("pools")[1]
    assert done["done"] == "invalid" and "local addresses only" in done["error"]["text"]


def test_a_role_for_fifteen_minutes_is_not_assumed_again_for_every_request(module, world):
    module.settings.update(role_arn=ROLE, role_duration_seconds=900)
    world.add_group(REGION, "web", desired=1)
    answers = module.run("pools", "pools")
    assert all(done["done"] == "ok" for _, done in answers)
    assert [e["action"] for e in world.log].count("AssumeRole") == 1


def test_no_credentials_at_all_is_an_error_that_lists_where_was_looked(module, world):
    module.environment = {}
    done = module.call("pools")[1]
    assert done["done"] == "auth" and "no credentials" in done["error"]["text"] and world.log == []


def test_endpoints_and_regions_come_from_settings_environment_and_profile(module, world, double):
    for key in ("endpoint_url", "regions"):
        del module.settings[key]
    write(module, config=f"[default]\nregion = eu-west-1\nservices = local\n[services local]\nauto_scaling =\n  endpoint_url = {double.url}\n")
    assert module.pools() == []
    assert world.log[-1]["region"] == "eu-west-1"
    module.environment["AWS_REGION"] = "eu-west-2"
    module.pools()
    assert world.log[-1]["region"] == "eu-west-2"
    module.environment.update(AWS_ENDPOINT_URL_AUTO_SCALING="http://127.0.0.1:1")
    assert module.call("pools", )[1]["done"] == "unreachable"
    module.settings["endpoint_url_autoscaling"] = double.url
    assert module.pools() == []


def test_the_default_profile_may_be_written_like_the_others(module, world):
    add_keys(world, "DEFAULTED")
    module.environment = {}
    write(module, config=f"[profile default]\n{pair('DEFAULTED')}")
    module.pools()
    assert signed_by(world) == "DEFAULTED"


def test_settings_that_cannot_work_are_refused_by_name(module):
    for key, value, words in [
            ("regions", ["eu-central"], "is no name of an AWS region"), ("regions", [REGION, REGION], "stands there twice"),
            ("regions", [REGION, "cn-north-1"], "different partitions"), ("endpoint_url", "http://example.com", "use https"),
            ("endpoint_url", "https://example.com/path", "no path"), ("role_arn", "drover", "role_arn"),
            ("role_session_name", "a b", "role_session_name"), ("role_duration_seconds", 60, "role_duration_seconds"),
            ("operating_system", "BeOS", "operating_system"), ("group_tag", "=x", "group_tag")]:
        saved = dict(module.settings)
        module.settings[key] = value
        done = module.call("pools")[1]
        assert done["done"] == "invalid" and words in done["error"]["text"], (key, done)
        module.settings = saved
