//! Guests that are broken, and guests made to break who looks at them: every answer comes to
//! an end, within a bound of work and of memory, and says what it lacks.

mod guest;
mod looks;
mod random;
mod structures;
mod sweep;
