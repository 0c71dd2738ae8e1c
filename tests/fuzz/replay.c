/* A plain main for a fuzz target: gives it every file of the directories named. So the corpus runs with any compiler.
 */
#include "fuzz.h"

#include <dirent.h>

enum { INPUT_MAX = 1 << 20 };

static void replay_file(const char *path)
{
    static uint8_t buffer[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    uint8_t *exact = malloc(size + (size == 0));
    CHECK(exact != NULL);
    memcpy(exact, buffer, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static unsigned replay_directory(const char *directory)
{
    DIR *all = opendir(directory);
    unsigned count = 0;
    if (all == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        fprintf(stderr, "%s\n", path); /* the last one named is the one that broke it */
        replay_file(path);
        count++;
    }
    closedir(all);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_directory(argv[i]);
    printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
