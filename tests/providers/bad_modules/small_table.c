/* Claims this version with a table that is too short. */
#include "tests/providers/bad_modules/bad.h"

BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, 16, .open = bad_open, .close = bad_close)
