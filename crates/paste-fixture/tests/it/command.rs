//! Programs in a scratch directory.

use std::time::{Duration, Instant};

use paste_fixture::CommandEnvironment;

fn env() -> CommandEnvironment {
    CommandEnvironment::new().unwrap()
}

#[test]
fn tells_exactly_what_was_created_changed_and_deleted() {
    let env = env();
    for path in ["same", "rewritten", "changed", "mode", "gone", "dir/kept"] {
        env.write(path, path).unwrap();
    }
    let script = "printf rewritten > rewritten; echo x >> changed; chmod 600 mode; rm gone; mkdir -p new/sub; \
                  echo n > new/sub/file; chmod 755 new/sub/file; ln -s same link; touch .hidden";
    let result = env.command("sh").args(["-c", script]).run();
    assert_eq!(result.created().paths(), ["link", "new", "new/sub", "new/sub/file"]);
    assert_eq!(result.changed().paths(), ["changed", "mode"]);
    assert_eq!(result.deleted().paths(), ["gone"]);
    let file = &result.created()["new/sub/file"];
    assert_eq!((file.text().as_str(), file.mode()), ("n\n", 0o755));
    assert!(result.created()["new"].is_dir() && result.created()["link"].is_link());
    assert_eq!(result.created()["link"].text(), "same");
    assert_eq!(result.deleted()["gone"].text(), "gone");
    result.assert_file("changed", "changedx\n");
    let shown = result.to_string();
    assert!(shown.contains("--- created: new/sub/file (2 bytes, mode 755)"), "{shown}");
}

#[test]
fn hidden_files_are_told_on_request() {
    let script = ["-c", "mkdir .d; touch .d/x .y"];
    let hidden = env().command("sh").args(script).run();
    assert!(hidden.created().is_empty());
    assert!(std::panic::catch_unwind(|| hidden.assert_no_files_touched().code()).is_err());
    let env = env().show_hidden();
    assert_eq!(env.command("sh").args(script).run().created().paths(), [".d", ".d/x", ".y"]);
}

#[test]
fn gives_input_environment_and_directory() {
    let env = env();
    env.write("sub/file", "").unwrap();
    let result = env
        .command("sh")
        .args(["-c", "cat; echo $A; ls"])
        .stdin("in\n")
        .env("A", "b")
        .cwd("sub")
        .run();
    result.assert_stdout("in\nb\nfile\n");
    let cleared = env.command("/bin/sh").args(["-c", "echo $HOME"]).env_clear().run();
    cleared.assert_stdout("\n");
    // More input than a pipe holds, to a program that reads none.
    env.command("true").stdin(vec![b'x'; 1 << 20]).run();
}

#[test]
fn an_exit_code_and_standard_error_fail_unless_expected() {
    let env = env();
    let error =
        env.command("sh").args(["-c", "echo out; exit 3"]).try_run().unwrap_err().to_string();
    assert!(error.contains("expected exit code 0") && error.contains("--- stdout\nout"), "{error}");
    assert_eq!(env.command("sh").args(["-c", "exit 3"]).expect_code(3).run().code(), Some(3));
    let script = ["-c", "echo oops >&2"];
    let error = env.command("sh").args(script).try_run().unwrap_err().to_string();
    assert!(error.contains("it wrote to standard error") && error.contains("oops"), "{error}");
    env.command("sh").args(script).expect_stderr().run().assert_stderr("oops\n");
    let error = env.command("no-such-program").try_run().unwrap_err().to_string();
    assert!(error.starts_with("no-such-program: "), "{error}");
}

#[test]
fn a_program_that_does_not_end_is_killed_with_all_that_it_started() {
    let env = env();
    let begun = Instant::now();
    let command = env.command("sh").args(["-c", "sleep 60 & sleep 60"]);
    let error = command.time_limit(Duration::from_millis(50)).try_run().unwrap_err().to_string();
    assert!(error.contains("it ran longer than 50ms, and was killed"), "{error}");
    // One that ends, but leaves another behind that holds its outputs open.
    env.command("sh").args(["-c", "sleep 60 & echo done"]).run().assert_stdout("done\n");
    // One that leaves another outside its group behind, which has begun before it ends.
    let script = "setsid sh -c 'touch begun; sleep 5' & until [ -e begun ]; do :; done";
    let error = env.command("sh").args(["-c", script]).try_run().unwrap_err().to_string();
    assert!(error.contains("holds its outputs open"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn rule_4_a_program_outside_the_group_does_not_hide_the_time_limit_and_the_outputs() {
    let env = env();
    let script = "echo said; setsid sh -c 'touch begun; sleep 4' & sleep 300";
    let command = env.command("sh").args(["-c", script]).time_limit(Duration::from_millis(300));
    let error = command.try_run().unwrap_err().to_string();
    for part in [
        "it ran longer than 300ms, and was killed\n",
        "holds its outputs open\n",
        "--- stdout\nsaid",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn rule_4_outputs_are_bounded_and_messages_show_them_in_part() {
    let env = env();
    let error = env.command("yes").output_limit(1 << 20).try_run().unwrap_err().to_string();
    assert!(error.starts_with("it wrote more than 1048576 bytes to standard output\n"), "{error}");
    assert!(error.contains(" bytes left out) …\n") && error.len() < 20_000, "{}", error.len());
    let error = env.command("sh").args(["-c", "yes >&2"]).expect_stderr().try_run();
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("it wrote more than 16777216 bytes to standard error\n"), "{error}");
    let print = || env.command("head").args(["-c", "1000", "/dev/zero"]);
    assert_eq!(print().output_limit(1000).run().stdout_bytes().len(), 1000);
    assert!(print().output_limit(999).try_run().is_err());
    let large = env.command("seq").arg("200000").run();
    let panic =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| _ = large.assert_stdout("1\n")));
    let panic = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(panic.len() < 50_000 && panic.contains("@@ "), "{} bytes", panic.len());
}

#[test]
#[should_panic(expected = "--- expected\n+++ found\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n")]
fn a_difference_is_shown_as_a_diff() {
    env().command("printf").arg("one\\nthree\\n").run().assert_stdout("one\ntwo\n");
}

#[test]
fn names_that_are_not_utf_8_stay_apart() {
    let script = "touch \"$(printf 'a\\377')\" \"$(printf 'a\\376')\"";
    let result = env().command("sh").args(["-c", script]).run();
    assert_eq!(result.created().paths(), ["a\\xfe", "a\\xff"]);
}

#[test]
fn snapbox_takes_the_prepared_command() {
    let env = env();
    let command = env.command("sh").args(["-c", "echo $A"]).env("A", "snapped").into_command();
    snapbox::cmd::Command::from_std(command).assert().success().stdout_eq("snapped\n");
}
