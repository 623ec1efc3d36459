/* Auto Scaling groups as AWS describes them, with what makes one fit to be a pool. The texts point into the answers,
 * which struct aws_groups keeps. Neighbours: machine.h knows the instances, pools.c puts both together. */
#ifndef DROVER_PROVIDERS_AWS_GROUP_H
#define DROVER_PROVIDERS_AWS_GROUP_H

#include "providers/aws/account.h"
#include "providers/sdk/xml.h"

struct aws_member {
    const char *id, *instance_type, *zone;
    const char *lifecycle; /* "InService", "Terminating:Wait", ... */
    const char *health;    /* "Healthy", "Unhealthy" */
    bool protected_;
};

struct aws_group {
    const char *region, *name;
    const char *identity; /* changes when a group of this name is made anew: the UUID of its ARN */
    const char *status;   /* "" unless it is being deleted */
    int64_t desired, min, max;
    const struct sdk_xml_node *node;
    struct aws_member *members; /* sorted by id */
    size_t member_count;
    bool protects_new;        /* new instances are protected from the group's own scaling */
    bool capacity_rebalance;  /* it replaces spot instances that are likely to go */
    bool launch_suspended;    /* it starts nothing */
    bool rebalance_suspended; /* it does not move instances between zones */
};

struct aws_groups {
    struct sdk_xml **pages;
    size_t page_count, page_capacity;
    struct aws_group *list; /* as read, each region's sorted by name */
    size_t count, capacity;
};

/* Appends the groups of a region that the settings select, or with `name` that one alone, whatever the settings say
 * (none is no failure). `region` must outlive them. */
enum provider_status aws_groups_read(struct provider_account *account, const char *region, const char *name,
                                     struct aws_groups *groups, struct provider_error *error);
void aws_groups_release(struct aws_groups *groups);

/* A pool's id is "region/name". Reads that group anew; PROVIDER_NOT_FOUND when it is not there, the region is not the
 * account's, or the settings do not select it. groups->list[0] is it. */
enum provider_status aws_group_read(struct provider_account *account, const char *pool, struct aws_groups *groups,
                                    struct provider_error *error);

/* The member of that id, or NULL. */
const struct aws_member *aws_group_member(const struct aws_group *group, const char *id);

/* Classes of a member's lifecycle. Unknown words are AWS_LIFE_OTHER. */
enum aws_life {
    AWS_LIFE_PENDING,     /* on its way into service */
    AWS_LIFE_IN_SERVICE,  /* */
    AWS_LIFE_TERMINATING, /* on its way out; the size was lowered already, or a replacement is meant */
    AWS_LIFE_STANDBY,     /* runs, and the size does not count it */
    AWS_LIFE_DETACHING,   /* leaves the group and runs on */
    AWS_LIFE_WARM,        /* of the warm pool */
    AWS_LIFE_OTHER
};
enum aws_life aws_member_life(const struct aws_member *member);

/* The members that its size counts: those in service or on their way there. */
int64_t aws_group_counted(const struct aws_group *group);

/* What new machines of a group are: from its launch template, launch configuration or mixed instances policy. */
struct aws_make {
    char instance_type[64]; /* "" when there are several, or it could not be read */
    enum provider_market market;
    char why_read_only[256]; /* "" when the group is as simple as a pool must be */
    bool only_suspended;     /* that it starts nothing is all that is against it */
};
/* Asks EC2 or Auto Scaling for the template; `fresh`: even when an answer of the last minutes is remembered (before a
 * write). When that is refused, what the members are is taken, and it is logged. */
enum provider_status aws_group_make(struct provider_account *account, const struct aws_group *group, bool fresh,
                                    struct aws_make *ret_make, struct provider_error *error);

#endif
