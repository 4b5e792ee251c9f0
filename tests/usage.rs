//! Every tool, as a process: help, versions and wrong command lines.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot start a tool has failed"
)]

use std::fs::File;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

const TOOLS: [&str; 6] = [
    "gnt-cluster",
    "gnt-debug",
    "gnt-group",
    "gnt-instance",
    "gnt-job",
    "gnt-node",
];

fn tool(name: &str) -> Command {
    let mut command = Command::new(cargo_bin(name));
    command.stdin(Stdio::null());
    command
}

fn run(name: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tool(name).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_are_data() {
    let version = env!("CARGO_PKG_VERSION");
    for name in TOOLS {
        let (code, out, err) = run(name, &["--version"]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert_eq!(out, format!("{name} (gnt {version}) {version}\n"));
        let (code, out, err) = run(name, &["--help"]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("Commands:"), "{out}");
        assert!(!out.contains('\x1b'), "piped help holds escape codes");
    }
}

#[test]
fn no_command_and_wrong_ones_are_usage_errors() {
    for name in TOOLS {
        for args in [&[][..], &["no-such-command"], &["--no-such-option"]] {
            let (code, out, err) = run(name, args);
            assert_eq!(code, Some(2), "{name} {args:?}");
            assert_eq!(out, "");
            assert!(err.contains("Usage: "), "{err}");
        }
    }
}

#[test]
fn usage_errors_have_a_document_too() {
    let (code, out, err) = run("gnt-node", &["evacuat", "--json"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: "), "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["exit"], 2);
    assert_eq!(document["error"]["code"], "wrong_input");
    assert!(
        document["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("'evacuate'")
    );
}

#[expect(clippy::disallowed_methods, reason = "a device that is always full")]
#[test]
fn a_full_device_is_told_of_and_a_closed_pipe_is_not() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = tool("gnt-node")
        .arg("--help")
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.starts_with("error: the output cannot be written: "),
        "{err}"
    );

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = tool("gnt-node")
        .arg("--help")
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// File names are bytes; so are arguments, and whoever passes them on must not stumble.
#[test]
#[expect(clippy::disallowed_methods, reason = "a job file")]
fn arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let temp = tempfile::tempdir().unwrap();
    let state = temp.path().join("state");
    let state = state.to_str().unwrap();
    let (code, _, err) = run(
        "gnt-cluster",
        &["--state-dir", state, "init", "demo", "--sample"],
    );
    assert_eq!(code, Some(0), "{err}");
    let name = std::ffi::OsStr::from_bytes(b"\xffjob");
    let file = temp.path().join(name);
    std::fs::write(&file, r#"[{"OP_ID": "OP_TEST_DUMMY"}]"#).unwrap();
    let output = tool("gnt-debug")
        .args(["--state-dir", state, "submit-job", "--submit"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for tool_name in TOOLS {
        let output = tool(tool_name).arg(name).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{tool_name}: {output:?}");
    }
}
