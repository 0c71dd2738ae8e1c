/* config.yaml: reading, changing, writing. */
#include "configuration.h"

#include <heapcast/config_yaml.h>

static enum hc_status parse(const char *text, size_t length, struct hc_flink_options *out, struct hc_error *err)
{
    struct hc_flink_failure failure = {.depth = 0};
    enum hc_status status = hc_config_yaml_parse(text, length, out, &failure, err);
    if (status == HC_EPARSE)
        CHECK(failure.depth >= 2 && failure.chain[1].exception != NULL);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_format format = {parse, hc_config_yaml_edit, hc_config_yaml_print};
    fuzz_configuration(&format, data, size);
    return 0;
}
