#include "tests/support/cmocka_test.h"

#include <heapcast/history.h>

#include "tests/support/scratch.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { SIZE = 10000, HEADER = 4096, VERSION = 7 };

static struct hc_error err;
static struct hc_history *h;

static enum hc_status open_it(void)
{
    h = NULL;
    return hc_history_open(in_scratch("h.hc"), SIZE, VERSION, &h, &err);
}

static void open_good(void)
{
    enum hc_status status = open_it();
    if (status != HC_OK)
        fail_msg("cannot be opened: %s", err.text);
}

/* All of the block, into the file. */
static void write_all(void)
{
    if (hc_history_write(h, 0, SIZE, &err) != HC_OK)
        fail_msg("cannot be written: %s", err.text);
}

static int clean(void **state)
{
    (void)state;
    char command[128];
    hc_history_close(h);
    h = NULL;
    snprintf(command, sizeof command, "rm -rf '%s'/*", scratch);
    return system(command);
}

static unsigned resident_pages(const void *block, size_t size)
{
    unsigned char in[1024] = {0};
    unsigned count = 0;
    uintptr_t from = (uintptr_t)block / 4096 * 4096;
    assert_int_equal(mincore((void *)from, (uintptr_t)block + size - from, in), 0);
    for (size_t i = 0; i < sizeof in; i++)
        count += in[i] & 1;
    return count;
}

static void what_was_never_written_takes_no_memory(void **state)
{
    enum { LARGE = 1 << 20, AT = LARGE / 2 };
    (void)state;
    assert_int_equal(hc_history_open(in_scratch("h.hc"), LARGE, VERSION, &h, &err), HC_OK);
    strcpy((char *)hc_history_memory(h) + AT, "what was seen");
    assert_int_equal(hc_history_write(h, AT, 14, &err), HC_OK);
    hc_history_close(h);
    assert_int_equal(hc_history_open(in_scratch("h.hc"), LARGE, VERSION, &h, &err), HC_OK);
    assert_string_equal((char *)hc_history_memory(h) + AT, "what was seen");
    assert_in_range(resident_pages(hc_history_memory(h), LARGE), 1,
                    LARGE / 4096 / 4); /* malloc may clear what was its top */
}

static void a_new_history_is_zeros_of_full_size(void **state)
{
    static const char zeros[SIZE];
    struct stat st;
    (void)state;
    open_good();
    assert_memory_equal(hc_history_memory(h), zeros, SIZE);
    assert_string_equal(hc_history_note(h), "");
    assert_int_equal((uintptr_t)hc_history_memory(h) % 8, 0);
    assert_int_equal(stat(in_scratch("h.hc"), &st), 0);
    assert_int_equal(st.st_size, HEADER + SIZE);
    assert_true(st.st_blocks * 512 >= HEADER + SIZE); /* reserved, not sparse: no SIGBUS on a full disk */
}

static void content_outlives_a_close(void **state)
{
    (void)state;
    open_good();
    memset(hc_history_memory(h), 'm', SIZE);
    write_all();
    hc_history_close(h);
    open_good();
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(((char *)hc_history_memory(h))[i], 'm');
    assert_string_equal(hc_history_note(h), "");
}

static void content_outlives_a_kill(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (open_it() != HC_OK)
            _exit(1);
        memset(hc_history_memory(h), 'k', SIZE);
        write_all();
        raise(SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    open_good(); /* the lock went with the process */
    assert_int_equal(((char *)hc_history_memory(h))[SIZE - 1], 'k');
}

static void a_second_owner_is_refused(void **state)
{
    struct hc_history *second = NULL;
    (void)state;
    open_good();
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE, VERSION, &second, &err), HC_EBUSY);
    assert_null(second);
    assert_contains(err.text, "/h.hc is in use by another heapcast agent");
    hc_history_close(h);
    h = NULL;
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE, VERSION, &second, &err), HC_OK);
    hc_history_close(second);
}

static void a_reader_sees_what_was_written_and_changes_nothing(void **state)
{
    struct hc_history *reader = NULL;
    (void)state;
    open_good();
    char *mine = hc_history_memory(h);
    mine[0] = 1;
    mine[SIZE - 1] = 2;
    assert_int_equal(hc_history_write(h, 0, 1, &err), HC_OK);
    assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err), HC_OK);
    char *theirs = hc_history_memory(reader);
    assert_int_equal(theirs[0], 1);
    assert_int_equal(theirs[SIZE - 1], 0); /* that part was not asked to be written */
    theirs[0] = 99;
    assert_int_equal(mine[0], 1);
    assert_string_equal(hc_history_note(reader), "");
    hc_history_close(reader);
    assert_int_equal(hc_history_write(h, SIZE - 1, 1, &err), HC_OK);
    assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err), HC_OK);
    theirs = hc_history_memory(reader);
    assert_int_equal(theirs[0], 1);
    assert_int_equal(theirs[SIZE - 1], 2);
    assert_int_equal(hc_history_write(reader, 0, SIZE, &err), HC_EIO); /* it has no file to write to */
    hc_history_close(reader);
}

/* Whatever byte of the header goes wrong, the file is kept and a new one begun. */
static void each_damaged_byte_of_the_header_is_seen(void **state)
{
    char aside[32];
    (void)state;
    for (int byte = 0; byte < 32; byte++) {
        open_good();
        ((char *)hc_history_memory(h))[5] = 'x';
        write_all();
        hc_history_close(h);
        int fd = open(in_scratch("h.hc"), O_RDWR | O_CLOEXEC);
        unsigned char value;
        assert_int_equal(pread(fd, &value, 1, byte), 1);
        value ^= 0x10;
        assert_int_equal(pwrite(fd, &value, 1, byte), 1);
        close(fd);
        struct hc_history *reader = NULL;
        assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err), HC_EPARSE);
        assert_null(reader);
        open_good();
        assert_int_equal(((char *)hc_history_memory(h))[5], 0);
        snprintf(aside, sizeof aside, "h.hc.set-aside-%d", byte + 1);
        assert_contains(hc_history_note(h), aside);
        assert_contains(hc_history_note(h), byte < 8    ? "not a heapcast history"
                                            : byte < 12 ? "of another version"
                                            : byte < 16 ? "another byte order"
                                            : byte < 20 ? "of another version"
                                                        : "damaged");
        assert_int_equal(access(in_scratch(aside), F_OK), 0);
        hc_history_close(h);
        h = NULL;
    }
}

static void assert_set_aside_as(const char *why, const char *name)
{
    open_good();
    assert_contains(hc_history_note(h), why);
    assert_contains(hc_history_note(h), name);
    hc_history_close(h);
    h = NULL;
}

static void other_files_are_set_aside_and_never_overwritten(void **state)
{
    (void)state;
    write_text(in_scratch("h.hc"), "somebody's notes", 16);
    assert_set_aside_as("damaged", "h.hc.set-aside-1");
    assert_string_equal(text_of(in_scratch("h.hc.set-aside-1")), "somebody's notes");
    static char page[HEADER + SIZE] = "not ours, but as long as ours";
    write_text(in_scratch("h.hc"), page, sizeof page);
    assert_set_aside_as("not a heapcast history", "h.hc.set-aside-2");
    assert_string_equal(text_of(in_scratch("h.hc.set-aside-1")), "somebody's notes");
    assert_string_equal(text_of(in_scratch("h.hc.set-aside-2")), page);
}

static void torn_files_are_set_aside(void **state)
{
    (void)state;
    const off_t lengths[] = {1, 31, 32, HEADER - 1, HEADER, HEADER + SIZE - 1, HEADER + SIZE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        open_good();
        hc_history_close(h);
        h = NULL;
        assert_int_equal(truncate(in_scratch("h.hc"), lengths[i]), 0);
        struct hc_history *reader = NULL;
        assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err), HC_EPARSE);
        assert_set_aside_as("damaged", "set-aside");
    }
}

static void another_version_or_size_is_set_aside(void **state)
{
    struct hc_history *other = NULL;
    (void)state;
    open_good();
    hc_history_close(h);
    h = NULL;
    assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION + 1, &other, &err), HC_EPARSE);
    assert_contains(err.text, "of another version");
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE, VERSION + 1, &other, &err), HC_OK);
    assert_contains(hc_history_note(other), "of another version");
    hc_history_close(other);
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE + 8, VERSION + 1, &other, &err), HC_OK);
    assert_contains(hc_history_note(other), "damaged");
    hc_history_close(other);
}

static void an_empty_file_becomes_a_history(void **state)
{
    struct hc_history *reader = NULL;
    (void)state;
    write_text(in_scratch("h.hc"), "", 0);
    assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err), HC_EPARSE);
    open_good();
    assert_string_equal(hc_history_note(h), "");
}

static void what_cannot_be_set_aside_is_not_touched(void **state)
{
    char name[40];
    (void)state;
    write_text(in_scratch("h.hc"), "notes", 5);
    for (int i = 1; i <= 100; i++) {
        snprintf(name, sizeof name, "h.hc.set-aside-%d", i);
        write_text(in_scratch(name), "older", 5);
    }
    assert_int_equal(open_it(), HC_EIO);
    assert_contains(err.text, "cannot be set aside");
    assert_contains(err.text, "remove it or choose another dir");
    assert_string_equal(text_of(in_scratch("h.hc")), "notes");
    assert_string_equal(text_of(in_scratch("h.hc.set-aside-100")), "older");
    open_it();
    assert_null(h); /* and the lock was given back, or this would be HC_EBUSY */
    assert_int_equal(err.status, HC_EIO);
}

static void renew_keeps_the_old_content_aside(void **state)
{
    struct hc_history *second = NULL;
    (void)state;
    open_good();
    memset(hc_history_memory(h), 'o', SIZE);
    write_all();
    assert_int_equal(hc_history_renew(h, &err), HC_OK);
    assert_int_equal(((char *)hc_history_memory(h))[0], 0);
    assert_contains(hc_history_note(h), "set-aside-1");
    ((char *)hc_history_memory(h))[0] = 'n';
    write_all();
    /* the new file is the one that is locked and written */
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE, VERSION, &second, &err), HC_EBUSY);
    assert_int_equal(hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &second, &err), HC_OK);
    assert_int_equal(((char *)hc_history_memory(second))[0], 'n');
    hc_history_close(second);
    assert_int_equal(hc_history_read(in_scratch("h.hc.set-aside-1"), SIZE, VERSION, &second, &err), HC_OK);
    assert_int_equal(((char *)hc_history_memory(second))[SIZE - 1], 'o');
    hc_history_close(second);
}

static void a_renewed_history_that_cannot_be_is_an_error(void **state)
{
    char name[40];
    (void)state;
    open_good();
    for (int i = 1; i <= 100; i++) {
        snprintf(name, sizeof name, "h.hc.set-aside-%d", i);
        write_text(in_scratch(name), "older", 5);
    }
    assert_int_equal(hc_history_renew(h, &err), HC_EIO);
    assert_contains(err.text, "cannot be set aside");
    /* closing what is left works: the fixture does it */
}

static void a_symbolic_link_is_followed(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(mkdir(in_scratch("volume"), 0700), 0);
    assert_int_equal(symlink("volume/real.hc", in_scratch("h.hc")), 0);
    open_good();
    hc_history_close(h);
    h = NULL;
    assert_int_equal(stat(in_scratch("volume/real.hc"), &st), 0);
    assert_int_equal(st.st_size, HEADER + SIZE);
}

static void assert_file_holds(char value)
{
    struct hc_history *reader = NULL;
    if (hc_history_read(in_scratch("h.hc"), SIZE, VERSION, &reader, &err) != HC_OK)
        fail_msg("cannot be read: %s", err.text);
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(((char *)hc_history_memory(reader))[i], value);
    hc_history_close(reader);
}

/* Log rotation, tidying up: the block is in memory, so nothing is lost. */
static void a_file_cut_short_removed_or_moved_in_use_is_restored(void **state)
{
    (void)state;
    open_good();
    assert_true(hc_history_intact(h));
    memset(hc_history_memory(h), 'r', SIZE);
    const off_t lengths[] = {HEADER + SIZE - 1, 100, 0, HEADER + SIZE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(truncate(in_scratch("h.hc"), lengths[i]), 0);
        assert_false(hc_history_intact(h));
        assert_int_equal(hc_history_restore(h, &err), HC_OK);
        assert_true(hc_history_intact(h));
        assert_file_holds('r');
    }
    assert_int_equal(unlink(in_scratch("h.hc")), 0);
    assert_false(hc_history_intact(h));
    assert_int_equal(hc_history_restore(h, &err), HC_OK);
    assert_file_holds('r');
    assert_int_equal(rename(in_scratch("h.hc"), in_scratch("h.hc.1")), 0);
    assert_false(hc_history_intact(h));
    assert_int_equal(hc_history_restore(h, &err), HC_OK);
    assert_file_holds('r');
    assert_string_equal(hc_history_note(h), "");
    write_text(in_scratch("new"), "somebody's notes", 16);
    assert_int_equal(rename(in_scratch("new"), in_scratch("h.hc")), 0);
    assert_int_equal(hc_history_restore(h, &err), HC_OK);
    assert_file_holds('r');
    assert_contains(hc_history_note(h), "set-aside-1");
    assert_string_equal(text_of(in_scratch("h.hc.set-aside-1")), "somebody's notes");
    struct hc_history *second = NULL; /* the lock is on the new file */
    assert_int_equal(hc_history_open(in_scratch("h.hc"), SIZE, VERSION, &second, &err), HC_EBUSY);
}

static void a_lost_directory_is_an_error_until_it_is_back(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_scratch("dir"), 0700), 0);
    assert_int_equal(hc_history_open(in_scratch("dir/h.hc"), SIZE, VERSION, &h, &err), HC_OK);
    memset(hc_history_memory(h), 'd', SIZE);
    assert_int_equal(unlink(in_scratch("dir/h.hc")), 0);
    assert_int_equal(rmdir(in_scratch("dir")), 0);
    assert_false(hc_history_intact(h));
    assert_int_equal(hc_history_restore(h, &err), HC_EIO);
    assert_contains(err.text, "No such file");
    assert_int_equal(mkdir(in_scratch("dir"), 0700), 0);
    assert_int_equal(hc_history_restore(h, &err), HC_OK);
    assert_int_equal(rename(in_scratch("dir/h.hc"), in_scratch("h.hc")), 0);
    assert_file_holds('d');
}

static void a_block_without_a_file_gets_one_later(void **state)
{
    (void)state;
    assert_int_equal(hc_history_open_in_memory(in_scratch("h.hc"), SIZE, VERSION, &h, &err), HC_OK);
    assert_false(hc_history_intact(h));
    assert_int_equal(access(in_scratch("h.hc"), F_OK), -1);
    memset(hc_history_memory(h), 'l', SIZE);
    assert_int_equal(hc_history_write(h, 0, SIZE, &err), HC_EIO);
    assert_int_equal(hc_history_restore(h, &err), HC_OK);
    assert_true(hc_history_intact(h));
    assert_file_holds('l');
}

/* Not so much as a byte of a disk: the test is the loop mount of a small image, frozen as for a snapshot. */
static void a_frozen_file_system_is_seen_before_it_holds_us(void **state)
{
    struct timespec second = {1, 0};
    char command[700];
    (void)state;
    snprintf(command, sizeof command,
             "cd '%s' && mkdir disk && truncate -s 8M image && mkfs.ext4 -q image && mount -o loop,relatime image disk",
             scratch);
    if (system(command) != 0) {
        print_message("skip: no right to mount a file system in a file\n");
        skip();
    }
    enum hc_status status = hc_history_open(in_scratch("disk/h.hc"), SIZE, VERSION, &h, &err);
    int thawed_at_first = 1, frozen = 0;
    for (int i = 0; i < 3 && status == HC_OK; i++) {
        thawed_at_first &= !hc_history_frozen(h);
        status = hc_history_write(h, 0, SIZE, &err);
        nanosleep(&second, NULL);
    }
    snprintf(command, sizeof command, "fsfreeze -f '%s/disk'", scratch);
    int froze = system(command) == 0;
    nanosleep(&second, NULL);
    frozen = hc_history_frozen(h) && hc_history_frozen(h);
    snprintf(command, sizeof command, "fsfreeze -u '%s/disk'", scratch);
    int thawed = froze && system(command) == 0 && !hc_history_frozen(h);
    hc_history_close(h);
    h = NULL;
    umount2(in_scratch("disk"), MNT_DETACH);
    assert_int_equal(status, HC_OK);
    assert_true(thawed_at_first);
    if (!froze) {
        print_message("skip: no right to freeze a file system\n");
        skip();
    }
    assert_true(frozen);
    assert_true(thawed);
}

static void what_cannot_be_opened_says_why(void **state)
{
    static char path[5000];
    (void)state;
    assert_int_equal(hc_history_open(in_scratch("no/h.hc"), SIZE, VERSION, &h, &err), HC_EIO);
    assert_contains(err.text, "/no/h.hc cannot be opened: No such file");
    assert_int_equal(hc_history_open(scratch, SIZE, VERSION, &h, &err), HC_EIO);
    assert_contains(err.text, "Is a directory");
    assert_int_equal(hc_history_read(in_scratch("none.hc"), SIZE, VERSION, &h, &err), HC_EIO);
    assert_contains(err.text, "No such file");
    assert_int_equal(hc_history_read(scratch, SIZE, VERSION, &h, &err), HC_EPARSE);
    assert_int_equal(hc_history_open("/dev/null", SIZE, VERSION, &h, &err), HC_EIO);
    assert_contains(err.text, "not a regular file");
    memset(path, '/', sizeof path - 1);
    memcpy(path + sizeof path - 6, "h.hc", 4); /* cut at 4,095 it would be the root directory */
    assert_int_equal(hc_history_open(path, SIZE, VERSION, &h, &err), HC_EINVAL);
    assert_contains(err.text, "too long");
    assert_int_equal(hc_history_read(path, SIZE, VERSION, &h, &err), HC_EINVAL);
    assert_null(h);
    hc_history_close(NULL);
}

static void no_space_is_an_error_and_leaves_no_file(void **state)
{
    struct rlimit before, small;
    (void)state;
    signal(SIGXFSZ, SIG_IGN); /* as in the JVM */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 8000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum hc_status status = open_it();
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, HC_EIO);
    assert_contains(err.text, "cannot be given 14096 bytes: File too large");
    assert_int_equal(access(in_scratch("h.hc"), F_OK), -1);
}

static void a_full_disk_is_an_error_and_not_a_bus_error(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_scratch("small"), 0700), 0);
    if (mount("tmpfs", in_scratch("small"), "tmpfs", 0, "size=8k") != 0) {
        print_message("skip: no right to mount a small tmpfs\n");
        skip();
    }
    enum hc_status fresh = hc_history_open(in_scratch("small/h.hc"), SIZE, VERSION, &h, &err);
    char why[sizeof err.text];
    snprintf(why, sizeof why, "%s", err.text);
    int left = access(in_scratch("small/h.hc"), F_OK);
    /* a sparse copy of a good history, as a restored backup may be */
    int sparse_made = 0;
    enum hc_status good = hc_history_open(in_scratch("good.hc"), SIZE, VERSION, &h, &err), sparse = HC_OK;
    if (good == HC_OK) {
        hc_history_close(h);
        h = NULL;
        int from = open(in_scratch("good.hc"), O_RDONLY | O_CLOEXEC);
        int to = open(in_scratch("small/h.hc"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char header[64];
        sparse_made = pread(from, header, sizeof header, 0) == sizeof header &&
                      pwrite(to, header, sizeof header, 0) == sizeof header && ftruncate(to, HEADER + SIZE) == 0;
        close(from);
        close(to);
        sparse = hc_history_open(in_scratch("small/h.hc"), SIZE, VERSION, &h, &err);
    }
    umount2(in_scratch("small"), MNT_DETACH);
    assert_int_equal(fresh, HC_EIO);
    assert_contains(why, "No space left on device");
    assert_int_equal(left, -1);
    assert_int_equal(sparse_made, 1);
    assert_int_equal(sparse, HC_EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(what_was_never_written_takes_no_memory),
        TEST(a_new_history_is_zeros_of_full_size),
        TEST(content_outlives_a_close),
        TEST(content_outlives_a_kill),
        TEST(a_second_owner_is_refused),
        TEST(a_reader_sees_what_was_written_and_changes_nothing),
        TEST(each_damaged_byte_of_the_header_is_seen),
        TEST(other_files_are_set_aside_and_never_overwritten),
        TEST(torn_files_are_set_aside),
        TEST(another_version_or_size_is_set_aside),
        TEST(an_empty_file_becomes_a_history),
        TEST(what_cannot_be_set_aside_is_not_touched),
        TEST(renew_keeps_the_old_content_aside),
        TEST(a_renewed_history_that_cannot_be_is_an_error),
        TEST(a_symbolic_link_is_followed),
        TEST(a_file_cut_short_removed_or_moved_in_use_is_restored),
        TEST(a_lost_directory_is_an_error_until_it_is_back),
        TEST(a_block_without_a_file_gets_one_later),
        TEST(a_frozen_file_system_is_seen_before_it_holds_us),
        TEST(what_cannot_be_opened_says_why),
        TEST(no_space_is_an_error_and_leaves_no_file),
        TEST(a_full_disk_is_an_error_and_not_a_bus_error),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
