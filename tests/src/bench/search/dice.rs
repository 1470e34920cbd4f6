//! Chance that is the same in every run.

pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 to below `end`; 0 if that is nothing.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 11).unwrap_or_default();
        number.checked_rem(end).unwrap_or_default()
    }

    /// One of `items`, which are not empty.
    pub fn pick<'i, T>(&mut self, items: &'i [T]) -> anyhow::Result<&'i T> {
        let index = self.below(items.len());
        items
            .get(index)
            .ok_or_else(|| anyhow::anyhow!("nothing to pick from"))
    }
}
