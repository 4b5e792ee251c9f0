//! The mark of a guest that a cluster manages: an element in the guest's metadata, which goes where the
//! guest goes.

use gnt_driver::Refusal;

use crate::session::Session;
use crate::sys::{Affect, Domain, Error};
use crate::xml;

/// The name space of the mark, of which a guest has one element.
const NAMESPACE: &str = "urn:gnt:cluster:1";

/// What the name space is called within a definition.
const PREFIX: &str = "gnt";

/// The cluster that a guest is marked to belong to. A mark that is none of ours marks nothing.
pub(crate) fn of(domain: &Domain) -> Result<Option<String>, Error> {
    let element = domain.metadata(NAMESPACE)?;
    Ok(element.and_then(|element| cluster(&element)))
}

fn cluster(element: &str) -> Option<String> {
    let document = xml::parse("a mark", element).ok()?;
    let uuid = document.root_element().attribute("uuid")?;
    Some(uuid.to_owned())
}

fn element(cluster: &str) -> String {
    format!("<cluster uuid='{}'/>", xml::escape(cluster))
}

/// Marks a guest, or takes its mark away.
pub(crate) fn set(session: &Session, guest: &str, cluster: Option<&str>) -> Result<(), Refusal> {
    let domain = session.guest(guest)?;
    if session.ask(of(&domain))?.as_deref() == cluster {
        return Ok(());
    }
    let affect = Affect {
        live: session.ask(domain.state())?.is_active(),
        config: session.ask(domain.is_persistent())?,
    };
    let element = cluster.map(element);
    session.change(domain.set_metadata(element.as_deref(), PREFIX, NAMESPACE, affect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        assert_eq!(cluster(&element("a'b")).as_deref(), Some("a'b"));
        assert_eq!(cluster("<cluster/>"), None);
        assert_eq!(cluster("nothing"), None);
    }
}
