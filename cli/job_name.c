#include "job_name.h"

#include <stdio.h>
#include <string.h>

/* container_[eEPOCH_]CLUSTER_APPLICATION_ATTEMPT_NUMBER (YARN's ContainerId) */
static int yarn_application(const char *name, char *out, size_t size)
{
    static const char prefix[] = "container_";
    const char *at = name + sizeof prefix - 1;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return 0;
    if (*at == 'e')
        at += strcspn(at, "_") + (at[strcspn(at, "_")] == '_');
    size_t cluster = strspn(at, "0123456789");
    const char *application = at + cluster + 1;
    if (cluster == 0 || at[cluster] != '_')
        return 0;
    size_t number = strspn(application, "0123456789");
    if (number == 0 || application[number] != '_')
        return 0;
    snprintf(out, size, "application_%.*s_%.*s", (int)cluster, at, (int)number, application);
    return 1;
}

/* KubernetesUtils and the operator: CLUSTER-taskmanager-ATTEMPT-NUMBER, CLUSTER-jobmanager… */
static int kubernetes_cluster(const char *name, char *out, size_t size)
{
    static const char *const components[] = {"-taskmanager", "-jobmanager"};
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(name, components[i]);
        const char *after = at != NULL ? at + strlen(components[i]) : "x";
        if (at != NULL && at > name && (*after == '\0' || *after == '-')) {
            snprintf(out, size, "%.*s", (int)(at - name), name);
            return 1;
        }
    }
    return 0;
}

char *hc_job_name(const char *name, char *out, size_t size)
{
    if (!yarn_application(name, out, size) && !kubernetes_cluster(name, out, size))
        out[0] = '\0';
    return out;
}
