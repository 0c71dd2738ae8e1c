import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory classes of one Flink release behind the line protocol of `heapcast memory --batch`: a case a line in, an
 * answer a line out. Everything of Flink is found by name at run time, so one build serves all releases.
 *
 * <p>java -cp CLASSES:gson.jar FlinkMemory JARS VERSION
 *
 * <p>Beyond heapcast's protocol a case may have "file", "text" and "conf" together: options given with -D, which Flink
 * puts on top of its file.
 */
public final class FlinkMemory {
    private static final String[][] TASKMANAGER = {
        {"framework_heap", "getFrameworkHeapSize"},
        {"task_heap", "getTaskHeapSize"},
        {"framework_off_heap", "getFrameworkOffHeapMemorySize"},
        {"task_off_heap", "getTaskOffHeapSize"},
        {"network", "getNetworkMemSize"},
        {"managed", "getManagedMemorySize"},
        {"metaspace", "getJvmMetaspaceSize"},
        {"overhead", "getJvmOverheadSize"},
        {"total_flink", "getTotalFlinkMemorySize"},
        {"total_process", "getTotalProcessMemorySize"},
        {"jvm_heap", "getJvmHeapMemorySize"},
        {"jvm_direct", "getJvmDirectMemorySize"},
    };
    private static final String[][] JOBMANAGER = {
        {"jvm_heap", "getJvmHeapMemorySize"},
        {"off_heap", "getJvmDirectMemorySize"},
        {"metaspace", "getJvmMetaspaceSize"},
        {"overhead", "getJvmOverheadSize"},
        {"total_flink", "getTotalFlinkMemorySize"},
        {"total_process", "getTotalProcessMemorySize"},
    };
    private static final int CAUSES_MAX = 8;

    private final ClassLoader flink;
    private final Path directory = Files.createTempDirectory("flink-memory");
    private final Map<String, Method> methods = new LinkedHashMap<>();

    private FlinkMemory(File jars) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (File jar : jars.listFiles((dir, name) -> name.endsWith(".jar"))) {
            urls.add(jar.toURI().toURL());
        }
        flink = new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
        Thread.currentThread().setContextClassLoader(flink);
    }

    public static void main(String[] arguments) throws Exception {
        Gson gson = new GsonBuilder().disableHtmlEscaping().serializeNulls().create();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        StringBuilder answers = new StringBuilder();
        System.setOut(System.err);
        FlinkMemory memory = new FlinkMemory(new File(arguments[0]));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            answers.append(gson.toJson(memory.answer(gson.fromJson(line, JsonObject.class)))).append('\n');
            // Whoever asks case by case waits for the answer; whoever sends many is not slowed down by it.
            if (answers.length() > 1 << 16 || !in.ready()) {
                out.print(answers);
                out.flush();
                answers.setLength(0);
            }
        }
        Files.deleteIfExists(memory.directory);
    }

    private Map<String, Object> answer(JsonObject asked) throws Exception {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", asked.get("id"));
        try {
            Map<String, Object> derived = derive(asked);
            answer.put("ok", true);
            answer.putAll(derived);
        } catch (InvocationTargetException e) {
            refused(answer, e.getTargetException());
        }
        return answer;
    }

    private static void refused(Map<String, Object> answer, Throwable thrown) {
        List<Object> causes = new ArrayList<>();
        answer.put("ok", false);
        answer.put("ex", thrown.getClass().getName());
        answer.put("msg", thrown.getMessage());
        for (Throwable t = thrown.getCause(); t != null && causes.size() < CAUSES_MAX; t = t.getCause()) {
            List<Object> cause = new ArrayList<>();
            cause.add(t.getClass().getName());
            cause.add(t.getMessage());
            causes.add(cause);
        }
        answer.put("causes", causes);
    }

    private Map<String, Object> derive(JsonObject asked) throws Exception {
        String role = asked.get("role").getAsString();
        boolean container = asked.has("path") && asked.get("path").getAsString().equals("container");
        if (role.equals("size")) {
            return size(asked.get("in").getAsString());
        }
        Object configuration = configuration(asked);
        return role.equals("tm") ? taskManager(configuration, container) : jobManager(configuration, container);
    }

    private Map<String, Object> size(String text) throws Exception {
        Map<String, Object> answer = new LinkedHashMap<>();
        Object size = invokeStatic("configuration.MemorySize", "parse", text);
        answer.put("bytes", invoke(size, "getBytes"));
        answer.put("str", size.toString());
        answer.put("human", invoke(size, "toHumanReadableString"));
        return answer;
    }

    /** Flink 1.19 and 1.20 remember for good that they once read a flink-conf.yaml; each case is to be a start of its own. */
    private void forgetFile() throws Exception {
        for (Field field : type("configuration.GlobalConfiguration").getDeclaredFields()) {
            if (field.getName().equals("standardYaml")) {
                field.setAccessible(true);
                field.set(null, true);
            }
        }
    }

    private Object configuration(JsonObject asked) throws Exception {
        forgetFile();
        Object configuration = type("configuration.Configuration").getConstructor().newInstance();
        if (asked.has("conf")) {
            for (String key : asked.getAsJsonObject("conf").keySet()) {
                invoke(configuration, "setString", key, asked.getAsJsonObject("conf").get(key).getAsString());
            }
        }
        if (!asked.has("text")) {
            return configuration;
        }
        Path file = directory.resolve(asked.get("file").getAsString());
        Files.write(file, asked.get("text").getAsString().getBytes(StandardCharsets.UTF_8));
        try {
            return invokeStatic("configuration.GlobalConfiguration", "loadConfiguration", directory.toString(), configuration);
        } finally {
            Files.delete(file);
        }
    }

    private Map<String, Object> taskManager(Object configuration, boolean container) throws Exception {
        String utils = "runtime.clusterframework.TaskExecutorProcessUtils";
        String legacy = "getConfigurationMapLegacyTaskManagerHeapSizeToConfigOption"; // until 1.20
        if (has(utils, legacy, 2)) {
            Object option = option("TaskManagerOptions", container ? "TOTAL_PROCESS_MEMORY" : "TOTAL_FLINK_MEMORY");
            configuration = invokeStatic(utils, legacy, configuration, option);
        }
        Object spec = invokeStatic(utils, "processSpecFromConfig", configuration);
        Map<String, Object> answer = bytes(spec, TASKMANAGER);
        answer.put("jvm", jvmArguments(utils, spec));
        answer.put("dyn", invokeStatic(utils, "generateDynamicConfigsStr", spec));
        return answer;
    }

    private Map<String, Object> jobManager(Object configuration, boolean container) throws Exception {
        String utils = "runtime.jobmanager.JobManagerProcessUtils";
        String legacy = "processSpecFromConfigWithNewOptionToInterpretLegacyHeap"; // until 1.20
        Object spec;
        if (has(utils, legacy, 2)) {
            Object option = option("JobManagerOptions", container ? "TOTAL_PROCESS_MEMORY" : "JVM_HEAP_MEMORY");
            spec = invokeStatic(utils, legacy, configuration, option);
        } else {
            spec = invokeStatic(utils, "processSpecFromConfig", configuration);
        }
        Map<String, Object> answer = bytes(spec, JOBMANAGER);
        boolean own = has(utils, "generateJvmParametersStr", 2);
        answer.put("jvm", own ? invokeStatic(utils, "generateJvmParametersStr", spec, configuration) : jvmArguments(utils, spec));
        if (has(utils, "generateDynamicConfigsStr", 1)) { // from 1.12
            answer.put("dyn", invokeStatic(utils, "generateDynamicConfigsStr", spec));
        }
        return answer;
    }

    private Object jvmArguments(String utils, Object spec) throws Exception {
        boolean before111 = has(utils, "generateJvmParametersStr", 1);
        String owner = before111 ? utils : "runtime.util.config.memory.ProcessMemoryUtils";
        return invokeStatic(owner, "generateJvmParametersStr", spec);
    }

    private Map<String, Object> bytes(Object spec, String[][] parts) throws Exception {
        Map<String, Object> bytes = new LinkedHashMap<>();
        Map<String, Object> answer = new LinkedHashMap<>();
        for (String[] part : parts) {
            bytes.put(part[0], invoke(invoke(spec, part[1]), "getBytes"));
        }
        answer.put("bytes", bytes);
        return answer;
    }

    private Class<?> type(String name) throws Exception {
        return Class.forName("org.apache.flink." + name, true, flink);
    }

    private Object option(String type, String field) throws Exception {
        return type("configuration." + type).getField(field).get(null);
    }

    private Object invoke(Object object, String name, Object... arguments) throws Exception {
        return find(object.getClass(), name, arguments).invoke(object, arguments);
    }

    private Object invokeStatic(String type, String name, Object... arguments) throws Exception {
        return find(type(type), name, arguments).invoke(null, arguments);
    }

    private boolean has(String type, String name, int count) throws Exception {
        for (Method method : type(type).getDeclaredMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == count) {
                return true;
            }
        }
        return false;
    }

    /** The method of that name that takes these arguments. Each name is only ever called with the same types here. */
    private Method find(Class<?> type, String name, Object[] arguments) {
        return methods.computeIfAbsent(type.getName() + "." + name, key -> {
            for (Class<?> owner = type; owner != null; owner = owner.getSuperclass()) {
                for (Method method : owner.getDeclaredMethods()) {
                    if (method.getName().equals(name) && !method.isBridge() && takes(method, arguments)) {
                        method.setAccessible(true);
                        return method;
                    }
                }
            }
            throw new IllegalStateException("this Flink has no " + key);
        });
    }

    private static boolean takes(Method method, Object[] arguments) {
        boolean takes = method.getParameterCount() == arguments.length;
        for (int i = 0; takes && i < arguments.length; i++) {
            takes = method.getParameterTypes()[i].isInstance(arguments[i]);
        }
        return takes;
    }
}
