#include "recommendation_view.h"

#include "cells.h"

#include <math.h>
#include <string.h>

static const char *const evidences[] = {"unknown", "exact", "marking", "estimate", "upper bound"};
static const char *const terms[] = {"-",
                                    "the live set's percentile",
                                    "the live set's trend",
                                    "the absolute floor",
                                    "the cost of collecting",
                                    "an out-of-memory error",
                                    "the allowed maximum"};

#define DECIMAL(value) HC_NUMBER_CELL(value, 1)
#define PERCENT(ratio) DECIMAL((ratio)*100)

void hc_recommendation_row(FILE *out, const struct hc_recommendation *r, const struct hc_subject *s)
{
    if (r->heap_bytes == HC_BYTES_UNKNOWN || r->current_heap_bytes == HC_BYTES_UNKNOWN) {
        fprintf(out, "%-32s %10s %10s %10s %7s  %-18s %s\n", s->name, HC_MIB_CELL(r->current_heap_bytes),
                HC_MIB_CELL(r->observed.live_p99_bytes), "-", "-", hc_verdict_words(r->verdict),
                r->reason_count > 0 ? r->reasons[0] : "");
        return;
    }
    double change = (double)r->heap_bytes / (double)r->current_heap_bytes - 1;
    fprintf(out, "%-32s %10s %10s %10s %+6.1f%%  %-18s %s\n", s->name, HC_MIB_CELL(r->current_heap_bytes),
            HC_MIB_CELL(r->observed.live_p99_bytes), HC_MIB_CELL(r->heap_bytes), change * 100,
            hc_verdict_words(r->verdict), PERCENT(r->confidence_ratio));
}

static void print_off_heap(FILE *out, const char *name, const struct hc_advice *a)
{
    if (a->now_bytes != HC_BYTES_UNKNOWN || a->max_bytes != HC_BYTES_UNKNOWN)
        fprintf(out, "    %-22s %10s %10s %12s\n", name, HC_MIB_CELL(a->now_bytes), HC_MIB_CELL(a->max_bytes),
                HC_MIB_CELL(a->recommended_bytes));
}

void hc_recommendation_in_full(FILE *out, const struct hc_recommendation *r, const struct hc_subject *s)
{
    static const char *const roles[] = {"JVM", "TaskManager", "JobManager"};
    static const char *const collectors[] = {"an unknown collector", "Serial", "Parallel", "G1", "CMS", "ZGC",
                                             "Shenandoah",           "Epsilon"};
    fprintf(out, "%s %s: JDK %s, %s, heap %s MiB\n", roles[s->role], s->name,
            s->jvm_version[0] != '\0' ? s->jvm_version : "?", collectors[s->collector],
            HC_MIB_CELL(r->current_heap_bytes));
    fprintf(out, "  verdict                %s", hc_verdict_words(r->verdict));
    if (r->heap_bytes != HC_BYTES_UNKNOWN) {
        fprintf(out, ", heap %s MiB", HC_MIB_CELL(r->heap_bytes));
        if (r->task_heap_bytes != HC_BYTES_UNKNOWN)
            fprintf(out, " (task heap %s MiB)", HC_MIB_CELL(r->task_heap_bytes));
        fprintf(out, ", between %s and %s MiB, confidence %s %%", HC_MIB_CELL(r->lower_bound_bytes),
                HC_MIB_CELL(r->upper_bound_bytes), PERCENT(r->confidence_ratio));
    }
    fprintf(out, "\n  live set, MiB          now %s, p50 %s, p95 %s, p99 %s, max %s (%s)\n",
            HC_MIB_CELL(r->observed.live_now_bytes), HC_MIB_CELL(r->observed.live_p50_bytes),
            HC_MIB_CELL(r->observed.live_p95_bytes), HC_MIB_CELL(r->observed.live_p99_bytes),
            HC_MIB_CELL(r->observed.live_max_bytes), evidences[r->observed.evidence]);
    fprintf(out, "  collections            %llu, restarts %llu, GC share %s %%, pauses p50 %s, p99 %s, max %s ms\n",
            (unsigned long long)r->window.collections, (unsigned long long)r->window.restarts,
            PERCENT(r->observed.gc_share_ratio), DECIMAL(r->observed.pause_p50_ms), DECIMAL(r->observed.pause_p99_ms),
            DECIMAL(r->observed.pause_max_ms));
    if (r->model.binding != HC_TERM_NONE)
        fprintf(out, "  decided by             %s\n", terms[r->model.binding]);
    if (r->off_heap.rss_bytes != HC_BYTES_UNKNOWN) {
        fprintf(out, "  outside the heap, MiB  %12s %10s %12s\n", "now", "max", "recommended");
        print_off_heap(out, "metaspace", &r->off_heap.metaspace);
        print_off_heap(out, "direct", &r->off_heap.direct);
        print_off_heap(out, "everything else", &r->off_heap.overhead);
        print_off_heap(out, "  code cache", &r->off_heap.code_cache);
        print_off_heap(out, "  native", &r->off_heap.native);
        print_off_heap(out, "  kept free by malloc", &r->off_heap.allocator_slack);
        print_off_heap(out, "  thread stacks", &r->off_heap.threads);
        print_off_heap(out, "  the JVM's own", &r->off_heap.jvm_other);
        print_off_heap(out, "  mapped files", &r->off_heap.files);
        fprintf(out, "    %-22s %10s %10s\n", "resident in all (RSS)", HC_MIB_CELL(r->off_heap.rss_bytes),
                HC_MIB_CELL(r->off_heap.rss_peak_bytes));
    }
    if (r->reason_count > 0)
        fputs("  reasons\n", out);
    for (unsigned i = 0; i < r->reason_count; i++)
        fprintf(out, "    - %s\n", r->reasons[i]);
    for (unsigned i = 0; i < r->event_count; i++)
        fprintf(out, "  event                  %s\n", r->events[i].text);
}

void hc_recommendation_heading(FILE *out)
{
    fprintf(out, "%-32s %10s %10s %10s %7s  %-18s %s\n", "NAME", "HEAP MiB", "LIVE p99", "RECOMMEND", "CHANGE",
            "VERDICT", "CONFIDENCE %");
}
