#include "sample_rows.h"

#include <inttypes.h>
#include <stdbool.h>

/* A field of a row: a figure, which may be unknown, or where `text` is set a word. */
struct field {
    const char *name;
    uint64_t value;
    const char *text;
};

static void print_row(const struct hc_row_printer *printer, const struct field *fields, size_t count)
{
    bool begun = false;
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        bool known = f->text != NULL || f->value != HC_BYTES_UNKNOWN;
        if (printer->row == HC_ROW_JSON && !known)
            continue;
        fprintf(printer->out, "%s", begun ? "," : printer->row == HC_ROW_JSON ? "{" : "");
        begun = true;
        if (printer->row == HC_ROW_JSON)
            fprintf(printer->out, f->text != NULL ? "\"%s\":\"" : "\"%s\":", f->name);
        if (printer->row == HC_ROW_HEADER)
            fprintf(printer->out, "%s", f->name);
        else if (f->text != NULL)
            fprintf(printer->out, "%s%s", f->text, printer->row == HC_ROW_JSON ? "\"" : "");
        else if (known)
            fprintf(printer->out, "%" PRIu64, f->value);
    }
    fprintf(printer->out, printer->row == HC_ROW_JSON ? "}\n" : "\n");
}

static const char *name_in(const char *const *names, size_t count, size_t value)
{
    return names[value < count ? value : 0];
}

void hc_sample_row(void *printer, const struct hc_gc_sample *s)
{
    static const char *const kinds[] = {"unknown", "young", "mixed", "full", "old", "pause"};
    static const char *const sources[] = {"unknown", "counters", "gc_info", "collection_usage", "runtime", "log"};
    const struct field fields[] = {
        {"end_time_ms", (uint64_t)s->end_time_ms, NULL},
        {"gc_id", s->gc_id, NULL},
        {"pause_us", s->pause_us, NULL},
        {"heap_used_before_bytes", s->heap_used_before_bytes, NULL},
        {"heap_used_after_bytes", s->heap_used_after_bytes, NULL},
        {"old_used_after_bytes", s->old_used_after_bytes, NULL},
        {"heap_committed_bytes", s->heap_committed_bytes, NULL},
        {"heap_max_bytes", s->heap_max_bytes, NULL},
        {"allocated_bytes", s->allocated_bytes, NULL},
        {"promoted_bytes", s->promoted_bytes, NULL},
        {"gc_time_us", s->gc_time_us, NULL},
        {"kind", 0, name_in(kinds, sizeof kinds / sizeof kinds[0], (size_t)s->kind)},
        {"cause", 0, s->cause},
        {"source", 0, name_in(sources, sizeof sources / sizeof sources[0], s->source)},
    };
    print_row(printer, fields, sizeof fields / sizeof fields[0]);
}

void hc_view_row(void *printer, const struct hc_live_view *v)
{
    static const char *const sources[] = {"unknown", "g1_marking", "z_marking", "shenandoah_marking",
                                          "full_collection"};
    const struct field fields[] = {
        {"time_ms", (uint64_t)v->time_ms, NULL},
        {"live_bytes", v->live_bytes, NULL},
        {"used_bytes", v->used_bytes, NULL},
        {"cpu_us", v->cpu_us, NULL},
        {"pause_us", v->pause_us, NULL},
        {"asked", v->asked, NULL},
        {"source", 0, name_in(sources, sizeof sources / sizeof sources[0], (size_t)v->source)},
    };
    print_row(printer, fields, sizeof fields / sizeof fields[0]);
}

void hc_sample_header(FILE *out)
{
    struct hc_row_printer header = {out, HC_ROW_HEADER};
    hc_sample_row(&header, &(struct hc_gc_sample){0});
}

void hc_view_header(FILE *out)
{
    struct hc_row_printer header = {out, HC_ROW_HEADER};
    hc_view_row(&header, &(struct hc_live_view){0});
}
