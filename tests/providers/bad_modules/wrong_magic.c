/* Another kind of plug-in altogether. */
#include "tests/providers/bad_modules/bad.h"

BAD_MODULE_WITH(1, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, sizeof functions, .open = bad_open, .close = bad_close)
