import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Allocates so many MiB a second for so many milliseconds, and prints what the threads whose names begin as told have
 * allocated meanwhile, in bytes a second; "none" where there is no such thread. The beans list no threads of agents and
 * of the JVM itself, but answer when asked for one by its number.
 */
public class Allocated {
    static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    static volatile Object sink;

    static long bytes(String prefix) {
        long sum = -1;
        for (long id = 1; id < 200; id++) {
            var info = THREADS.getThreadInfo(id);
            if (info != null && info.getThreadName().startsWith(prefix)) {
                sum = Math.max(sum, 0) + THREADS.getThreadAllocatedBytes(id);
            }
        }
        return sum;
    }

    static void work(long rate, long millis) throws InterruptedException {
        long begin = System.nanoTime();
        long allocated = 0;
        while (System.nanoTime() - begin < millis * 1_000_000) {
            if (allocated < (System.nanoTime() - begin) / 1e9 * rate * 1048576) {
                sink = new byte[10000];
                allocated += 10016;
            } else {
                Thread.sleep(1);
            }
        }
    }

    public static void main(String[] args) throws InterruptedException {
        long rate = Long.parseLong(args[1]);
        long millis = Long.parseLong(args[2]);
        work(rate, 3000); // what is made once is made
        long before = bytes(args[0]);
        work(rate, millis);
        System.out.println(before < 0 ? "none" : (bytes(args[0]) - before) * 1000.0 / millis);
    }
}
