/* The least that Drover's tokens need, as rules to be pasted. Each was tried on a real agent with ACLs on
 * (docs/nomad-facts.md). */
#include "controller/federation/federation.h"

static const char NOMAD_READ[] = "# Nomad, for looking only: nomad acl policy apply drover-read drover-read.hcl\n"
                                 "namespace \"*\" {\n"
                                 "  capabilities = [\"list-jobs\", \"read-job\", \"parse-job\"]\n"
                                 "}\n"
                                 "node {\n"
                                 "  policy = \"read\"\n"
                                 "}\n"
                                 "agent {\n"
                                 "  policy = \"read\"\n"
                                 "}\n";

/* The block of a named namespace replaces that of "*" there, so it says all again. */
static const char NOMAD_WRITE[] =
    "# Nomad, for running jobs: nomad acl policy apply drover-write drover-write.hcl\n"
    "namespace \"*\" {\n"
    "  capabilities = [\"list-jobs\", \"read-job\", \"parse-job\", \"submit-job\"]\n"
    "}\n"
    "namespace \"default\" {\n"
    "  capabilities = [\"list-jobs\", \"read-job\", \"parse-job\", \"submit-job\"]\n"
    "  variables {\n"
    "    path \"drover/owner\" {\n"
    "      capabilities = [\"read\", \"write\"]\n"
    "    }\n"
    "  }\n"
    "}\n"
    "# read is enough while no pool has a shrink block: write is what draining a node takes\n"
    "node {\n"
    "  policy = \"write\"\n"
    "}\n"
    "agent {\n"
    "  policy = \"read\"\n"
    "}\n";

static const char CONSUL_READ[] =
    "\n# Consul, for either: consul acl policy create -name drover -rules @drover-consul.hcl\n"
    "agent_prefix \"\" {\n"
    "  policy = \"read\"\n"
    "}\n"
    "node_prefix \"\" {\n"
    "  policy = \"read\"\n"
    "}\n"
    "service_prefix \"\" {\n"
    "  policy = \"read\"\n"
    "}\n";

void federation_print_acl(bool write, struct buffer *out)
{
    buffer_append_text(out, write ? NOMAD_WRITE : NOMAD_READ);
    buffer_append_text(out, CONSUL_READ);
}
