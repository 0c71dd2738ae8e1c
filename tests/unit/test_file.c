#include "tests/support/cmocka_test.h"

#include <heapcast/file.h>

#include "tests/support/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct hc_error err;

/* These two take the C library's place in this program, to see the order and to let the disk fail. */
static unsigned synced, synced_at_rename;
static int sync_error;

int fsync(int fd)
{
    synced++;
    if (sync_error != 0) {
        errno = sync_error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    synced_at_rename = synced;
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

static unsigned files_in_scratch(void)
{
    unsigned count = 0;
    DIR *d = opendir(scratch);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static void a_file_comes_back_as_it_was_written(void **state)
{
    static char data[200001]; /* three blocks of the reader and some */
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 31 >> 3); /* zeros among them */
    const size_t lengths[] = {0, 1, 65535, 65536, 65537, 131072, sizeof data};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *back = NULL;
        size_t length = 77;
        assert_int_equal(hc_file_replace(in_scratch("f"), data, lengths[i], &err), HC_OK);
        assert_int_equal(hc_file_read(in_scratch("f"), sizeof data, &back, &length, &err), HC_OK);
        assert_int_equal(length, lengths[i]);
        assert_memory_equal(back, data, length);
        assert_int_equal(back[length], '\0');
        free(back);
    }
    unlink(in_scratch("f"));
    assert_int_equal(files_in_scratch(), 0); /* no temporary file is left */
}

static void the_limit_is_a_limit(void **state)
{
    char *out = (char *)"untouched";
    size_t length = 5;
    (void)state;
    write_text(in_scratch("f"), "0123456789", 10);
    assert_int_equal(hc_file_read(in_scratch("f"), 9, &out, &length, &err), HC_EINVAL);
    assert_contains(err.text, "larger than 9 bytes");
    assert_string_equal(out, "untouched");
    assert_int_equal(length, 5);
    assert_int_equal(hc_file_read("/dev/zero", 1000000, &out, &length, &err), HC_EINVAL);
    assert_int_equal(hc_file_read(in_scratch("f"), 10, &out, NULL, NULL), HC_OK);
    free(out);
    unlink(in_scratch("f"));
}

static void what_cannot_be_read_is_named(void **state)
{
    char *out = NULL;
    (void)state;
    assert_int_equal(hc_file_read(in_scratch("missing"), 100, &out, NULL, &err), HC_EIO);
    assert_contains(err.text, "/missing cannot be opened: No such file");
    assert_int_equal(hc_file_read(scratch, 100, &out, NULL, &err), HC_EIO);
    assert_contains(err.text, "Is a directory");
    assert_null(out);
}

static void a_dash_is_standard_input(void **state)
{
    char *out = NULL;
    int saved = dup(STDIN_FILENO), ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    assert_int_equal(hc_file_read("-", 100, &out, NULL, &err), HC_OK);
    assert_string_equal(out, "from a pipe");
    free(out);
    close(STDIN_FILENO);
    assert_int_equal(hc_file_read("-", 100, &out, NULL, &err), HC_EIO);
    assert_contains(err.text, "standard input cannot be read");
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
}

static void replacing_keeps_the_mode_of_what_was_there(void **state)
{
    struct stat st;
    (void)state;
    umask(022);
    assert_int_equal(hc_file_replace(in_scratch("f"), "a", 1, &err), HC_OK);
    assert_int_equal(stat(in_scratch("f"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(chmod(in_scratch("f"), 0600), 0); /* a configuration with passwords in it */
    assert_int_equal(hc_file_replace(in_scratch("f"), "b", 1, &err), HC_OK);
    assert_int_equal(stat(in_scratch("f"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    unlink(in_scratch("f"));
}

static void what_a_killed_writer_left_is_overwritten(void **state)
{
    (void)state;
    write_text(in_scratch("f.tmp"), "half of a longer text", 21);
    assert_int_equal(hc_file_replace(in_scratch("f"), "whole", 5, &err), HC_OK);
    assert_string_equal(text_of(in_scratch("f")), "whole");
    assert_int_equal(files_in_scratch(), 1);
    unlink(in_scratch("f"));
}

static void a_reader_with_the_file_open_keeps_the_old_one(void **state)
{
    char text[8] = "";
    (void)state;
    write_text(in_scratch("f"), "old", 3);
    int fd = open(in_scratch("f"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(hc_file_replace(in_scratch("f"), "newer", 5, &err), HC_OK);
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "old");
    close(fd);
    unlink(in_scratch("f"));
}

/* A device or pipe is written to: a rename would put a plain file in the place of /dev/null. */
static void devices_and_pipes_are_written_to_not_replaced(void **state)
{
    struct stat st;
    char text[8] = "";
    (void)state;
    assert_int_equal(mkfifo(in_scratch("pipe"), 0600), 0);
    int reader = open(in_scratch("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(hc_file_replace(in_scratch("pipe"), "data", 4, &err), HC_OK);
    assert_int_equal(read(reader, text, sizeof text), 4);
    assert_string_equal(text, "data");
    close(reader);
    assert_int_equal(stat(in_scratch("pipe"), &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(files_in_scratch(), 1);
    unlink(in_scratch("pipe"));
    assert_int_equal(symlink("/dev/full", in_scratch("full")), 0);
    assert_int_equal(hc_file_replace(in_scratch("full"), "data", 4, &err), HC_EIO);
    assert_contains(err.text, "No space left");
    unlink(in_scratch("full"));
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    struct rlimit before, small;
    static char data[100000];
    (void)state;
    write_text(in_scratch("f"), "old", 3);
    signal(SIGXFSZ, SIG_IGN); /* as in the JVM */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 50000; /* as good as a full disk: the write stops in the middle */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum hc_status status = hc_file_replace(in_scratch("f"), data, sizeof data, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, HC_EIO);
    assert_contains(err.text, "/f cannot be written: File too large");
    assert_string_equal(text_of(in_scratch("f")), "old");
    assert_int_equal(files_in_scratch(), 1);
    unlink(in_scratch("f"));
}

/* Else a power cut right after the rename could leave an empty file under the good name. */
static void data_are_on_disk_before_the_name_and_the_name_after(void **state)
{
    (void)state;
    synced = 0;
    assert_int_equal(hc_file_replace(in_scratch("f"), "first", 5, &err), HC_OK);
    assert_int_equal(synced_at_rename, 1); /* the file */
    assert_int_equal(synced, 2);           /* its directory */
    sync_error = EIO;
    assert_int_equal(hc_file_replace(in_scratch("f"), "second", 6, &err), HC_EIO);
    sync_error = 0;
    assert_contains(err.text, strerror(EIO)); /* musl words it otherwise */
    assert_string_equal(text_of(in_scratch("f")), "first");
    assert_int_equal(files_in_scratch(), 1);
    unlink(in_scratch("f"));
}

static void where_nothing_can_be_written_it_says_so(void **state)
{
    char path[5000];
    (void)state;
    assert_int_equal(hc_file_replace(in_scratch("no/such"), "a", 1, &err), HC_EIO);
    assert_contains(err.text, "/no/such.tmp cannot be created: No such file");
    assert_int_equal(mkdir(in_scratch("d"), 0700), 0);
    assert_int_equal(hc_file_replace(in_scratch("d"), "a", 1, &err), HC_EIO);
    assert_contains(err.text, "Is a directory");
    assert_int_equal(files_in_scratch(), 1);
    rmdir(in_scratch("d"));
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(hc_file_replace(path, "a", 1, &err), HC_EINVAL);
    assert_contains(err.text, "too long");
    path[4094] = '\0'; /* fits a path, but not with .tmp */
    assert_int_equal(hc_file_replace(path, "a", 1, NULL), HC_EINVAL);
}

static void a_name_without_folder_is_one_in_the_working_directory(void **state)
{
    char before[4096];
    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch), 0);
    assert_int_equal(hc_file_replace("plain", "x", 1, &err), HC_OK);
    assert_int_equal(chdir(before), 0);
    assert_string_equal(text_of(in_scratch("plain")), "x");
    unlink(in_scratch("plain"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_back_as_it_was_written),
        cmocka_unit_test(the_limit_is_a_limit),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_dash_is_standard_input),
        cmocka_unit_test(replacing_keeps_the_mode_of_what_was_there),
        cmocka_unit_test(what_a_killed_writer_left_is_overwritten),
        cmocka_unit_test(a_reader_with_the_file_open_keeps_the_old_one),
        cmocka_unit_test(devices_and_pipes_are_written_to_not_replaced),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(data_are_on_disk_before_the_name_and_the_name_after),
        cmocka_unit_test(where_nothing_can_be_written_it_says_so),
        cmocka_unit_test(a_name_without_folder_is_one_in_the_working_directory),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
