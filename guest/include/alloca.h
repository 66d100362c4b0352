/* alloca, by the name under which some programs look for it. */
#include <stdlib.h>
