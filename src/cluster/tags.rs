//! Tags: short texts that operators put on the cluster, groups, nodes and instances.

use std::collections::BTreeSet;

use super::config::Config;
use super::object::{GroupUuid, InstanceUuid, NodeUuid};
use crate::limits::{TAG_BYTES, TAGS};

/// What a tag may have beside letters and digits of ASCII.
const MARKS: &str = "_.+*/:@-";

/// Something that has tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// The cluster itself.
    Cluster,
    /// A node group.
    Group(GroupUuid),
    /// A node.
    Node(NodeUuid),
    /// An instance.
    Instance(InstanceUuid),
}

/// Why something cannot be a tag, or one more tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// It is empty.
    #[error("a tag cannot be empty")]
    Empty,
    /// It is longer than [`TAG_BYTES`].
    #[error("a tag has at most {TAG_BYTES} bytes, {start}… has {bytes}")]
    TooLong {
        /// How it begins.
        start: String,
        /// How long it is.
        bytes: usize,
    },
    /// It has a character that no tag has.
    #[error("tag {0:?} has a character other than letters, digits and {MARKS}")]
    Character(String),
    /// Its object has [`TAGS`] already.
    #[error("an object has at most {TAGS} tags, this one would have {0}")]
    TooMany(usize),
}

/// Refuses what is no tag. Those that an imported cluster has are not held to this.
///
/// # Errors
/// What is wrong with it.
pub fn check_tag(tag: &str) -> Result<(), TagError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c);
    match tag {
        "" => Err(TagError::Empty),
        long if long.len() > TAG_BYTES => Err(TagError::TooLong {
            start: long.chars().take(20).collect(),
            bytes: long.len(),
        }),
        tag if tag.chars().all(fits) => Ok(()),
        tag => Err(TagError::Character(tag.to_owned())),
    }
}

/// The tags of an object after some were added: each once, in order.
///
/// # Errors
/// When one of the new is no tag, or they are too many together.
pub fn with_tags(old: &[String], more: &[String]) -> Result<Vec<String>, TagError> {
    more.iter().try_for_each(|tag| check_tag(tag))?;
    let all: BTreeSet<&String> = old.iter().chain(more).collect();
    match all.len() > TAGS {
        true => Err(TagError::TooMany(all.len())),
        false => Ok(all.into_iter().cloned().collect()),
    }
}

/// The tags of an object after some were taken away, in order.
#[must_use]
pub fn without_tags(old: &[String], gone: &[String]) -> Vec<String> {
    let left: BTreeSet<&String> = old.iter().filter(|tag| !gone.contains(tag)).collect();
    left.into_iter().cloned().collect()
}

impl Config {
    /// The tags of an object; none if it is not there.
    #[must_use]
    pub fn tags(&self, of: &Tagged) -> &[String] {
        let tags = match of {
            Tagged::Cluster => self.cluster.as_ref().map(|cluster| &cluster.tags),
            Tagged::Group(uuid) => self.groups.get(uuid).map(|group| &group.tags),
            Tagged::Node(uuid) => self.nodes.get(uuid).map(|node| &node.tags),
            Tagged::Instance(uuid) => self.instances.get(uuid).map(|instance| &instance.tags),
        };
        tags.map_or(&[], Vec::as_slice)
    }

    /// All tags that fit, each with the path of its object as Ganeti writes it (`/nodes/node1`), in
    /// order.
    pub fn search_tags(&self, fits: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let cluster = self
            .cluster
            .iter()
            .map(|c| ("/cluster".to_owned(), &c.tags));
        let groups = self.groups.values();
        let groups = groups.map(|group| (format!("/nodegroup/{}", group.name), &group.tags));
        let nodes = self.nodes.values();
        let nodes = nodes.map(|node| (format!("/nodes/{}", node.name), &node.tags));
        let instances = self.instances.values();
        let instances = instances.map(|one| (format!("/instances/{}", one.name), &one.tags));
        let mut found = vec![];
        for (path, tags) in cluster.chain(groups).chain(nodes).chain(instances) {
            let fitting = tags.iter().filter(|tag| fits(tag));
            found.extend(fitting.map(|tag| (path.clone(), tag.clone())));
        }
        found.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn tags_are_short_and_of_few_characters() {
        for tag in [
            "a",
            "htools:iextags:web",
            "_.+*/:@-Z9",
            &"x".repeat(TAG_BYTES),
        ] {
            assert_eq!(check_tag(tag), Ok(()), "{tag}");
        }
        assert_eq!(check_tag(""), Err(TagError::Empty));
        for tag in ["two words", "a,b", "é", "a\n", "#1"] {
            assert_eq!(check_tag(tag), Err(TagError::Character(tag.to_owned())));
        }
        let long = check_tag(&"x".repeat(TAG_BYTES + 1)).unwrap_err();
        assert!(long.to_string().ends_with("xxx… has 129"), "{long}");
    }

    #[test]
    fn an_object_has_each_tag_once_and_not_too_many() {
        let old = texts(&["b", "old and odd"]);
        assert_eq!(
            with_tags(&old, &texts(&["b", "a", "a"])),
            Ok(texts(&["a", "b", "old and odd"]))
        );
        assert_eq!(without_tags(&old, &texts(&["old and odd", "z"])), ["b"]);
        let many: Vec<String> = (0..TAGS).map(|number| number.to_string()).collect();
        assert_eq!(with_tags(&many, &many).map(|all| all.len()), Ok(TAGS));
        assert_eq!(
            with_tags(&many, &old),
            Err(TagError::Character(old[1].clone()))
        );
        assert_eq!(
            with_tags(&many, &texts(&["one-more"])),
            Err(TagError::TooMany(TAGS + 1))
        );
    }

    #[test]
    fn tags_are_found_wherever_they_are() {
        let mut config = crate::cluster::sample::sample("lab", 1, 1, 0.0).unwrap();
        let mut cluster = (**config.cluster.as_ref().unwrap()).clone();
        let mut node = (**config.node_named("node1").unwrap()).clone();
        let mut group = (**config.group_named("default").unwrap()).clone();
        let mut instance = (**config.instance_named("inst1").unwrap()).clone();
        cluster.tags = texts(&["z", "no"]);
        (node.tags, group.tags) = (texts(&["z", "a"]), texts(&["a"]));
        instance.tags = texts(&["a"]);
        let wanted = Tagged::Node(node.uuid.clone());
        config.put_cluster(cluster);
        config.put_node(node);
        config.put_group(group);
        config.put_instance(instance);
        assert_eq!(config.tags(&wanted), ["z", "a"]);
        let found = config.search_tags(|tag| tag != "no");
        let found: Vec<String> = (found.iter())
            .map(|(path, tag)| format!("{path} {tag}"))
            .collect();
        assert_eq!(
            found,
            [
                "/cluster z",
                "/instances/inst1 a",
                "/nodegroup/default a",
                "/nodes/node1 a",
                "/nodes/node1 z"
            ]
        );
    }
}
