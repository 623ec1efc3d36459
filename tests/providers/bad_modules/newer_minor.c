/* Built for a newer minor version. */
#include "tests/providers/bad_modules/bad.h"

BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR + 1, sizeof functions, .open = bad_open,
                .close = bad_close)
