//! Under whose name batches are written: one producer id for each cluster that records come from first.

/// The cluster that a record was first produced to, as the flow numbers them. Batches that other flows wrote to the
/// source keep their origin, so that no ring of flows brings a record back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(pub u16);

impl Origin {
    /// The flow's own source cluster.
    pub const SOURCE: Self = Self(0);
}

/// A producer id with its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub producer_id: i64,
    pub producer_epoch: i16,
}

/// The producer ids of a flow.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    by_origin: Vec<Option<Identity>>,
    transactional: Option<Identity>,
}

impl Identities {
    /// Of a flow that writes what its source cluster's producers wrote.
    pub fn new(source: Identity) -> Self {
        Self { by_origin: vec![Some(source)], transactional: None }
    }

    pub fn of(&self, origin: Origin) -> Option<Identity> {
        self.by_origin.get(usize::from(origin.0)).copied().flatten()
    }

    pub fn set(&mut self, origin: Origin, identity: Identity) {
        let index = usize::from(origin.0);
        if self.by_origin.len() <= index {
            self.by_origin.resize(index + 1, None);
        }
        self.by_origin[index] = Some(identity);
    }

    /// Takes over what another knows of origins.
    pub fn extend(&mut self, other: &Self) {
        for (index, identity) in (0..).zip(&other.by_origin) {
            if let Some(identity) = identity {
                self.set(Origin(index), *identity);
            }
        }
    }

    /// The identity of batches in transactions.
    pub fn transactional(&self) -> Option<Identity> {
        self.transactional
    }

    pub fn set_transactional(&mut self, identity: Identity) {
        self.transactional = Some(identity);
    }

    /// The origin that writes under a producer id.
    pub fn origin_of(&self, producer_id: i64) -> Option<Origin> {
        let index = self
            .by_origin
            .iter()
            .position(|identity| identity.is_some_and(|identity| identity.producer_id == producer_id))?;
        u16::try_from(index).ok().map(Origin)
    }

    /// Origins with their producer ids.
    pub fn producer_ids(&self) -> impl Iterator<Item = (Origin, i64)> {
        let known = (0..).zip(&self.by_origin);
        known.filter_map(|(index, identity)| Some((Origin(index), identity.as_ref()?.producer_id)))
    }
}
