//! Wire types and error codes of the Slipstream HTTP contract
