//! Seeded receipt synthesiser with exact truth
