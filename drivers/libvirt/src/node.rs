//! The host behind a node.

use gnt_driver::{Comparison, Facts, Refusal, Trouble};

use crate::session::Session;
use crate::{sys, xml};

/// Its name and what tells it from all others.
pub(crate) fn identity(session: &Session) -> Result<(String, String), Refusal> {
    let name = session.ask(session.connection.host_name())?;
    let capabilities = session.ask(session.connection.capabilities())?;
    let capabilities = xml::parse("what the host says of itself", &capabilities)?;
    let host = xml::child(capabilities.root_element(), "host");
    let uuid = host
        .and_then(|host| xml::child(host, "uuid"))
        .and_then(|uuid| uuid.text());
    // Libvirt's pretended hosts have none; they exist only in this process.
    let uuid = uuid.map_or_else(
        || format!("pretended-{name}"),
        |uuid| uuid.trim().to_lowercase(),
    );
    Ok((name, uuid))
}

/// Its size, and what runs the guests.
pub(crate) fn facts(session: &Session) -> Result<Facts, Refusal> {
    let connection = &session.connection;
    let memory = session.ask(connection.memory())?;
    let capabilities = session.ask(connection.capabilities())?;
    let kind = session.ask(connection.kind())?;
    let version = session.ask(connection.version())?;
    let libvirt = session.ask(connection.library_version())?;
    Ok(Facts {
        memory: memory.total / 1024,
        memory_free: Some(memory.free / 1024),
        cpus: session.ask(connection.processors())?,
        hypervisor: Some(format!("{kind} {version}, libvirt {libvirt}")),
        processor: processor(&capabilities)?,
    })
}

/// The host's processor, as libvirt compares it: an element of the capabilities.
fn processor(capabilities: &str) -> Result<String, Refusal> {
    let document = xml::parse("what the host says of itself", capabilities)?;
    let host = xml::child(document.root_element(), "host");
    let cpu = host.and_then(|host| xml::child(host, "cpu"));
    let text = cpu.and_then(|cpu| capabilities.get(cpu.range()));
    Ok(text.unwrap_or_default().to_owned())
}

/// Whether guests of another host's processor could go on here.
pub(crate) fn compare(session: &Session, processor: &str) -> Result<Comparison, Refusal> {
    if processor.is_empty() {
        return Err(Refusal::new(
            Trouble::Unsupported,
            "libvirt does not say what processor the other host has",
        ));
    }
    Ok(
        match session.ask(session.connection.compare_processor(processor))? {
            sys::Comparison::Compatible => Comparison {
                compatible: true,
                reason: None,
            },
            sys::Comparison::Incompatible(reason) => Comparison {
                compatible: false,
                reason: Some(reason),
            },
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_the_element_of_the_host() {
        let capabilities = "<capabilities><guest><cpu>x</cpu></guest>\
            <host><uuid>u</uuid><cpu><arch>x86_64</arch></cpu></host></capabilities>";
        assert_eq!(
            processor(capabilities).unwrap(),
            "<cpu><arch>x86_64</arch></cpu>"
        );
        assert_eq!(processor("<capabilities/>").unwrap(), "");
    }
}
