/* Which part of AWS a region belongs to, and what the services' hosts are called there. Pure.
 *
 * Source: the endpoint rules in botocore's data (partitions.json); other partitions than the commercial one differ in
 * the suffix of their names and in where the price list is. */
#ifndef DROVER_PROVIDERS_AWS_PARTITION_H
#define DROVER_PROVIDERS_AWS_PARTITION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { AWS_REGION_MAX = 32 };

struct aws_partition {
    const char *name;     /* "aws", "aws-cn", "aws-us-gov": also the second part of every ARN there */
    const char *suffix;   /* "amazonaws.com" */
    const char *currency; /* of its price list */
};

/* False with ERROR_INVALID unless the text looks like a region's name: "eu-central-1". */
bool aws_region_check(const char *region, struct error *ret_error);

/* The partition of a region; one that no rule names is taken as commercial. Never NULL. */
const struct aws_partition *aws_partition_of(const char *region);

/* The region whose price list endpoint speaks for `region`; "" where the partition has none. Static. */
const char *aws_pricing_region(const char *region);

#endif
