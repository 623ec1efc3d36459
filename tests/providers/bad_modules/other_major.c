/* Built for another major version. */
#include "tests/providers/bad_modules/bad.h"

BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR + 1, 0, sizeof functions, .open = bad_open, .close = bad_close)
