/* The tables of the store, each declared once; included several times with different X, so it has no guard.
 *
 * X(constant, name in LMDB, environment, codec version, what the key is)
 * In the key: texts end with a NUL byte and numbers are 8 bytes big-endian, so that keys sort as they are scanned.
 * The intent tables stand in the order of RECORD_KINDS (model/record.h). A table is only ever added at the end of its
 * environment; its codec version grows by one whenever the bytes of its records change meaning. */

X(META, "meta", STORE_INTENT, 1, "name; \"store\" is the store's own")
X(JOB, "job", STORE_INTENT, 1, "namespace, id")
X(REVISION, "revision", STORE_INTENT, 1, "revision number")
X(REGION_COPY, "region_copy", STORE_INTENT, 1, "namespace, id, region")
X(POLICY, "policy", STORE_INTENT, 1, "name")
X(PRICE, "price", STORE_INTENT, 2, "region, pool, version number")
X(TOMBSTONE, "tombstone", STORE_INTENT, 1, "namespace, id, region")
X(HOLD, "hold", STORE_INTENT, 1, "name")
X(OUTBOX, "outbox", STORE_INTENT, 2, "effect id")
X(AUDIT, "audit", STORE_INTENT, 1, "time in ms, effect id or step number")
X(JOURNAL, "journal", STORE_INTENT, 1, "step number")
X(EXPLANATION, "explanation", STORE_INTENT, 2, "namespace, id")
X(OPERATION, "operation", STORE_INTENT, 1, "region, pool")
X(NODE, "node", STORE_INVENTORY, 1, "region, node id")
X(REGION_SEEN, "region_seen", STORE_INVENTORY, 1, "region")
