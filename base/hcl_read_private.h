/* Between hcl_read.c and hcl_read_value.c; for no one else. */
#ifndef DROVER_BASE_HCL_READ_PRIVATE_H
#define DROVER_BASE_HCL_READ_PRIVATE_H

#include "base/hcl_read.h"

enum { HCL_WHERE_MAX = 192 };

bool hcl_names_has(const struct hcl_names *names, const char *name);
void hcl_names_add(struct hcl_names *names, const char *name);
/* "in block region "x"", "at the top level". */
const char *hcl_reader_where(const struct hcl_reader *reader, char words[static HCL_WHERE_MAX]);
/* Marks this reader and those around it; the error is set already. */
void hcl_reader_set_failed(struct hcl_reader *reader);

#endif
