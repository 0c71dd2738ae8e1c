/*
 * The JVM's own log of a cycle, for G1, ZGC and Shenandoah: whatever is written there, a value that comes out is a
 * possible one.
 */
#include "fuzz.h"

#include "agent/liveness_table.h"
#include "agent/marking_log.h"

static void check_marking(const struct marking_log *m)
{
    CHECK(m->live_bytes > 0 && m->live_bytes <= m->used_bytes && m->start_ns != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct liveness_table table;
    struct marking_log z, shenandoah;
    char *text = fuzz_text(data, size), *rest = NULL;
    liveness_table_init(&table);
    marking_log_init(&z);
    marking_log_init(&shenandoah);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        enum liveness_state state = liveness_table_line(&table, line);
        if (state == LIVENESS_DONE)
            CHECK(table.live_bytes > 0 && table.live_bytes <= table.rows * table.region_bytes + 65536);
        if (state == LIVENESS_STRANGE)
            CHECK(table.strange != NULL);
        if (marking_log_z_line(&z, line))
            check_marking(&z);
        if (marking_log_shenandoah_line(&shenandoah, line))
            check_marking(&shenandoah);
    }
    free(text);
    return 0;
}
