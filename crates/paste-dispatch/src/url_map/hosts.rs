//! The tables of the hosts that keys name, found without an allocation.

use std::collections::BTreeMap;
use std::collections::HashMap;

use paste_core::BoxApp;

use super::key::{HostKey, host_and_port, parents};
use super::table::Table;

/// No name of a host is longer (RFC 1035, section 2.3.4), nor has it parents without end.
const LONGEST: usize = 255;

/// Tables by host.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    exact: HashMap<String, Ports>,
    /// By what stands behind `*.`.
    below: HashMap<String, Ports>,
}

/// The tables of one host name.
#[derive(Clone, Debug, Default)]
struct Ports {
    any: Table,
    one: BTreeMap<u16, Table>,
}

impl Hosts {
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// Takes away what is mounted for a host.
    pub(super) fn remove(&mut self, host: &HostKey, path: &str) -> Option<BoxApp> {
        let names = if host.below { &mut self.below } else { &mut self.exact };
        let ports = names.get_mut(&host.name)?;
        let removed = match host.port {
            Some(port) => {
                let removed = ports.one.get_mut(&port)?.remove(path);
                ports.one.retain(|_, table| !table.is_empty());
                removed
            }
            None => ports.any.remove(path),
        };
        names.retain(|_, ports| !ports.any.is_empty() || !ports.one.is_empty());
        removed
    }

    pub(super) fn table_mut(&mut self, host: &HostKey) -> &mut Table {
        let names = if host.below { &mut self.below } else { &mut self.exact };
        let ports = names.entry(host.name.clone()).or_default();
        match host.port {
            Some(port) => ports.one.entry(port).or_default(),
            None => &mut ports.any,
        }
    }

    /// The app of the most particular host that has one for the path.
    pub(super) fn find(&self, host: &str, scheme: &str, path: &[u8]) -> Option<(&BoxApp, usize)> {
        let (name, port) = host_and_port(host, scheme);
        if name.len() > LONGEST {
            return None;
        }
        let exact = self.exact.get(&*name).and_then(|ports| ports.find(port, path));
        exact.or_else(|| {
            let mut below = parents(&name).filter_map(|parent| self.below.get(parent));
            below.find_map(|ports| ports.find(port, path))
        })
    }

    /// All tables, with their hosts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (HostKey, &Table)> {
        let exact = self.exact.iter().map(|(name, ports)| (false, name, ports));
        let below = self.below.iter().map(|(name, ports)| (true, name, ports));
        exact.chain(below).flat_map(|(below, name, ports)| {
            let of_port = move |port| HostKey { name: name.clone(), below, port };
            let one = ports.one.iter().map(move |(port, table)| (of_port(Some(*port)), table));
            std::iter::once((of_port(None), &ports.any)).chain(one)
        })
    }
}

impl Ports {
    fn find(&self, port: u16, path: &[u8]) -> Option<(&BoxApp, usize)> {
        let one = self.one.get(&port).and_then(|table| table.find(path));
        one.or_else(|| self.any.find(path))
    }
}
