//! A lab by hand: `cargo run -p gnt-lab -- 3` brings up three hosts, says how to reach them, and does what
//! is typed until it ends.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use gnt_lab::{Cable, DiskPlace, Failure, Guest, Lab, Process};

const HELP: &str = "\
show                            what the hosts are called, and what runs on them
guest HOST NAME [WHAT=N ...]    make and start a guest; WHAT is memory, fill, window (MiB),
                                rate (MiB/s) or off (s); or the words deaf, local, defined
kill HOST                       a power failure
revive HOST                     switch it on again, or start its libvirtd
signal HOST libvirtd|GUEST SIG  such as STOP, CONT, KILL
cable HOST pulled|plugged       its network
virsh HOST ...                  ask its libvirtd
end                             end it all; so does the end of the input
";

fn main() -> ExitCode {
    if let Some(why) = gnt_lab::missing() {
        return fail(&why);
    }
    let hosts = env::args().nth(1).map_or(Ok(2), |hosts| hosts.parse());
    let Ok(hosts @ 1..=9) = hosts else {
        return fail("how many hosts? 1 to 9");
    };
    let mut lab = match Lab::new(hosts) {
        Ok(lab) => lab,
        Err(failure) => return fail(&failure.to_string()),
    };
    say(&show(&lab));
    say("help lists what can be done\n");
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words == ["end"] {
            break;
        }
        match act(&mut lab, &words) {
            Ok(said) => say(&said),
            Err(failure) => say(&format!("{failure}\n")),
        }
    }
    ExitCode::SUCCESS
}

fn act(lab: &mut Lab, words: &[&str]) -> Result<String, Failure> {
    let [verb, rest @ ..] = words else {
        return Ok(String::new());
    };
    let host = rest.first().and_then(|host| host.strip_prefix("node"));
    let host = host.and_then(|number| number.parse().ok());
    let host = host.filter(|number| (1..=lab.nodes().len()).contains(number));
    match (*verb, host, rest.get(1..).unwrap_or_default()) {
        ("show", ..) => return Ok(show(lab)),
        ("guest", Some(host), [name, how @ ..]) => match guest(name, how) {
            Some((guest, true)) => lab.node(host).define(&guest)?,
            Some((guest, false)) => lab.node(host).boot(&guest)?,
            None => return Ok(HELP.to_owned()),
        },
        ("kill", Some(host), []) => lab.node_mut(host).power_off()?,
        ("revive", Some(host), []) => lab.node_mut(host).power_on()?,
        ("signal", Some(host), [who, signal]) => {
            let process = match *who {
                "libvirtd" => Process::Libvirtd,
                guest => Process::Guest(guest),
            };
            lab.node(host).signal(process, signal)?;
        }
        ("cable", Some(host), ["pulled"]) => lab.node(host).cable(Cable::Pulled)?,
        ("cable", Some(host), ["plugged"]) => lab.node(host).cable(Cable::Plugged)?,
        ("virsh", Some(host), arguments) => {
            return Ok(format!("{}\n", lab.node(host).virsh(arguments)?));
        }
        _ => return Ok(HELP.to_owned()),
    }
    Ok(String::new())
}

/// A guest, and whether it is not to be started.
fn guest(name: &str, how: &[&str]) -> Option<(Guest, bool)> {
    let (mut guest, mut only_defined) = (Guest::new(name), false);
    for word in how {
        match word.split_once('=') {
            None if *word == "deaf" => guest.deaf = true,
            None if *word == "local" => guest.disk = DiskPlace::Local,
            None if *word == "defined" => only_defined = true,
            None => return None,
            Some((what, number)) => {
                let number = number.parse().ok()?;
                match what {
                    "memory" => guest.memory = number,
                    "fill" => guest.fill = number,
                    "window" => guest.window = number,
                    "rate" => guest.rate = number,
                    "off" => guest.off_after = Some(number),
                    _ => return None,
                }
            }
        }
    }
    Some((guest, only_defined))
}

fn show(lab: &Lab) -> String {
    let nodes = lab.nodes().iter().map(|node| {
        let runs = node
            .running()
            .map_or_else(|_| "off".to_owned(), |names| names.join(" "));
        let (name, uri, peer) = (node.name(), node.uri(), node.peer_uri());
        format!("{name}: {runs}\n    --libvirt-uri '{uri}' --peer-uri '{peer}'\n")
    });
    nodes.collect()
}

fn say(text: &str) {
    let prompt = if io::stdin().is_terminal() {
        "lab> "
    } else {
        ""
    };
    let mut out = io::stdout();
    let _ = write!(out, "{text}{prompt}").and_then(|()| out.flush());
}

fn fail(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {why}");
    ExitCode::FAILURE
}
