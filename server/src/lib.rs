//! The Slipstream server and command line: receipts in, checked JSON out
