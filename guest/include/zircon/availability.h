// Marks of the API level in which something came or went. vmoscope has one level: they
// expand to nothing, and every level that is asked for is there.

#ifndef ZIRCON_AVAILABILITY_H_
#define ZIRCON_AVAILABILITY_H_

#define ZX_AVAILABLE_SINCE(level_added)
#define ZX_DEPRECATED_SINCE(level_added, level_deprecated, msg)
#define ZX_REMOVED_SINCE(level_added, level_deprecated, level_removed, msg)

#define FUCHSIA_API_LEVEL_AT_LEAST(level) 1
#define FUCHSIA_API_LEVEL_LESS_THAN(level) 0

#endif  // ZIRCON_AVAILABILITY_H_
