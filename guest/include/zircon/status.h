// Names of statuses.

#ifndef ZIRCON_STATUS_H_
#define ZIRCON_STATUS_H_

#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

// "ZX_OK", "ZX_ERR_…", or "(UNKNOWN)" for a number that is no status; never null. The
// string is part of the vDSO and stays as long as the process.
const char* zx_status_get_string(zx_status_t status) __CONST;
const char* _zx_status_get_string(zx_status_t status) __CONST;

__END_CDECLS

#endif  // ZIRCON_STATUS_H_
