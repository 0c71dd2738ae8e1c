/* flink-conf.yaml: reading, changing, writing. */
#include "configuration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_format format = {hc_flink_conf_parse, hc_flink_conf_edit, hc_flink_conf_print};
    fuzz_configuration(&format, data, size);
    return 0;
}
