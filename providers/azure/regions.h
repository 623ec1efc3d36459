/* The regions an account is about: the plain names of its setting `regions`, and where it is empty or holds globs those
 * where its scale sets are. */
#ifndef DROVER_PROVIDERS_AZURE_REGIONS_H
#define DROVER_PROVIDERS_AZURE_REGIONS_H

#include "providers/azure/account.h"
#include "providers/azure/scale_set.h"

/* Their names, normalised, in alphabetical order; the caller frees each and the list. Only when the setting is not all
 * plain names is anything asked. */
enum provider_status azure_regions(struct provider_account *account, char ***ret_regions, size_t *ret_count,
                                   struct provider_error *error);
void azure_regions_release(char **regions, size_t count);

/* Puts a copy into a sorted list without repetition. */
void azure_words_add(char ***words, size_t *count, size_t *capacity, const char *word);

#endif
