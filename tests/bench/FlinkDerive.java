import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;

/** Flink's own arithmetic, warm, in one JVM: configurations a second, as bench_derive counts them. */
public class FlinkDerive {
    public static void main(String[] args) {
        Configuration[] configurations = new Configuration[256];
        for (int i = 0; i < configurations.length; i++) {
            configurations[i] = new Configuration();
            configurations[i].setString("taskmanager.memory.process.size", (1600 + 16 * i) + "m");
            configurations[i].setString("taskmanager.numberOfTaskSlots", "4");
        }
        double best = 0;
        long sum = 0;
        for (int round = 0; round < 7; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < 20000; i++) {
                sum += TaskExecutorProcessUtils.processSpecFromConfig(configurations[i % configurations.length])
                        .getJvmHeapMemorySize().getBytes();
            }
            best = Math.max(best, 20000 * 1e9 / (System.nanoTime() - start));
        }
        System.out.printf("%.0f %d%n", best, sum);
    }
}
