/* An option whose value is a list, cut as ConfigurationUtils.convertToList does. */
#ifndef HC_OPTION_LIST_H
#define HC_OPTION_LIST_H

#include <heapcast/error.h>
#include <stdbool.h>
#include <stddef.h>

enum { HC_LIST_MAX = 32, HC_LIST_TEXT = 2048 };

struct hc_option_list {
    unsigned count;
    const char *each[HC_LIST_MAX]; /* in `text` */
    char text[HC_LIST_TEXT];
    size_t used;
};

/*
 * "a;b", with quotes where a part has a ';' of its own. HC_EPARSE: *err has the message of the
 * IllegalArgumentException. What is beyond HC_LIST_MAX parts or HC_LIST_TEXT bytes is HC_EUNSUPPORTED.
 */
enum hc_status hc_option_list_split(const char *value, struct hc_option_list *out, struct hc_error *err);
/* From 1.19 (`yaml`) a value that is a list in YAML is that list, and only another one is split. */
enum hc_status hc_option_list_read(const char *value, bool yaml, struct hc_option_list *out, struct hc_error *err);
enum hc_status hc_option_list_add(struct hc_option_list *list, const char *part, size_t length, struct hc_error *err);

#endif
